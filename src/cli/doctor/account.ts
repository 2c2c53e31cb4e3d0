import { RowmillError } from '../../errors.ts';
import type { Provider } from '../../providers/provider.ts';
import { createProviders } from '../../providers/registry.ts';
import { PROVIDER_SPECS, type ProviderSpec } from '../../providers/catalog.ts';
import { factsPath, readFactsFile } from '../../providers/facts-store.ts';
import type { Env } from '../io/context.ts';
import { formatInteger } from '../io/format.ts';
import { failed, ok, warn, type Finding } from './finding.ts';

const ANSWER_WITHIN_MS = 10_000;

/**
 * Checks token, address and credits of every provider with a token, or of all if none has one.
 * Texts never contain the token.
 */
export async function checkAccounts(env: Env): Promise<Finding[]> {
  const providers = createProviders({ ...env });
  const all = PROVIDER_SPECS;
  const used = all.filter(({ tokenVariable }) => Boolean(env[tokenVariable]?.trim()));
  const looked = used.length === 0 ? all : used;
  const unused = all.filter((spec) => !looked.includes(spec));
  const looks = looked.map((spec) => checkAccount(spec, env, providers));
  return [
    ...(await Promise.all(looks)).flat(),
    ...looked.map((spec) => checkFacts(spec, env)),
    ...unused.map(leftOut),
  ];
}

/** Reports a provider without a token as fine: most teams use one provider. */
const leftOut = ({ name, tokenVariable }: ProviderSpec): Finding =>
  ok(`${name} token`, `${tokenVariable} is not set: no runs with ${name} here`);

async function checkAccount(
  { name, tokenVariable, baseUrlVariable }: ProviderSpec,
  env: Env,
  providers: ReturnType<typeof createProviders>,
): Promise<Finding[]> {
  const token = `${name} token`;
  const address = env[baseUrlVariable]?.trim();
  const place = ok(`${name} address`, address || `its own (${baseUrlVariable} is not set)`);
  let provider;
  try {
    provider = providers.get(name);
  } catch (error) {
    const isAddress = error instanceof RowmillError && error.code === 'base_url_invalid';
    return isAddress ? [failed(place.name, error)] : [place, failed(token, error)];
  }
  const tokenSet = ok(token, `${tokenVariable} is set`);
  try {
    const { credits, label } = await provider.account({
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const account = `${name} account`;
    const obstacle = await planObstacle(provider);
    const plan = obstacle === null ? [] : [warn(`${name} plan`, obstacle, PLAN_REMEDY)];
    if (credits === null)
      return [place, tokenSet, ok(account, `${label}, credits not reported`), ...plan];
    const text = `${label}, ${formatInteger(credits)} credits`;
    if (credits > 0) return [place, tokenSet, ok(account, text), ...plan];
    return [place, tokenSet, warn(account, text, 'Top up before a run.'), ...plan];
  } catch (error) {
    const known = error instanceof RowmillError ? error : late(error);
    const isToken = ['unauthorized', 'forbidden'].includes(known.code);
    return isToken ? [place, failed(token, known)] : [failed(place.name, known), tokenSet];
  }
}

/** Reads why the plan allows no changes; a plan that cannot be read is no obstacle. */
async function planObstacle({ plan }: Provider): Promise<string | null> {
  try {
    const found = await plan?.({ signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return found?.obstacle ?? null;
  } catch (error) {
    if (error instanceof RowmillError) return null;
    throw error;
  }
}

const PLAN_REMEDY =
  'Change to a plan that includes tables by API: else every change is answered 402 (plan_required).';

const late = (cause: unknown): RowmillError =>
  new RowmillError('provider_unreachable', `no answer within ${ANSWER_WITHIN_MS / 1000} s`, {
    cause,
  });

/** Reports when the live API was checked, and what was found. */
function checkFacts({ name }: ProviderSpec, env: Env): Finding {
  const title = `${name} facts`;
  try {
    const file = readFactsFile(env, name);
    if (file === null) return ok(title, 'none yet: `rowmill doctor --live` finds them out');
    const differing = file.facts.filter(({ verdict }) => verdict === 'differs').length;
    const checked = file.checkedAt?.slice(0, 10) ?? 'at an unknown time';
    const text = `${file.facts.length} checked ${checked}, ${differing} differ`;
    return ok(title, `${text} (${factsPath(env, name)})`);
  } catch (error) {
    return failed(title, error);
  }
}
