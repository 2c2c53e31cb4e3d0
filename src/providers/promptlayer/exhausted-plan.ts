import { RowmillError } from '../../errors.ts';

/** Words for a used-up plan or limit. */
const PLAN_WORDS =
  /\b(plans?|quotas?|limits?|exceed\w*|usage|upgrade|billing|credits?|balance|executions?)\b/i;

const REMEDY =
  'Raise or renew the plan: the run goes on by itself, or at once with `rowmill resume RUN`. Done cells stay done.';

/**
 * Classifies the reply to a used-up plan, which is not documented. A 402 without a known word counts as
 * one. So does a 403 with a text about a plan: the key is valid, and another one would not help.
 */
export function asExhaustedPlan(error: unknown): unknown {
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
