import type { Clash } from '../paths/footprint.ts';
import type { IssueDraft } from './finding.ts';
import { foundText } from './translate.ts';

/** A target that would touch a path that is not its own, as a mistake of the file. */
export const clashFinding = (at: number, to: string, { why }: Clash): IssueDraft => ({
  path: ['results', at, 'to'],
  found: foundText(to),
  allowed: `a path of its own: ${why}`,
});
