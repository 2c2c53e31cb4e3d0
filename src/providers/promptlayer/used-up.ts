import { RowmillError } from '../../errors.ts';

/** What a plan that is used up, or a limit of it, is called. */
const PLAN_WORDS =
  /\b(plans?|quotas?|limits?|exceed\w*|usage|upgrade|billing|credits?|balance|executions?)\b/i;

const REMEDY =
  'Raise or renew the plan: the run goes on by itself, or at once with `rowmill resume RUN`. Done cells stay done.';

/**
 * What a plan that is used up answers is not documented. 402 without a word that is known is taken for
 * that, and 403 where its text speaks of a plan: the key is good then, and another one would not help.
 */
export function asUsedUp(error: unknown): unknown {
  if (!(error instanceof RowmillError)) return error;
  const { code, what, where, requestId } = error;
  const isPayment = code === 'payment_failed' && !/payment[_ ]failed/i.test(what);
  if (!isPayment && !(code === 'forbidden' && PLAN_WORDS.test(what))) return error;
  return new RowmillError('insufficient_credits', `the plan may be used up: ${what}`, {
    where,
    cause: error,
    remedy: REMEDY,
    ...(requestId === null ? {} : { requestId }),
  });
}
