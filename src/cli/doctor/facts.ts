import { factsPath, readFactsFile } from '../../providers/facts-store.ts';
import type { ProviderSpec } from '../../providers/spec.ts';
import type { Env } from '../context.ts';
import { failed, ok, type Finding } from './finding.ts';

/** What a check of the live API has found, and when. */
export function checkFacts({ name }: ProviderSpec, env: Env): Finding {
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
