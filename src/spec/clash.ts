import type { Clash } from '../paths/footprint.ts';
import type { Finding } from './finding.ts';
import { foundText } from './translate.ts';

/** A target that would touch a path that is not its own, as a mistake of the file. */
export const clashFinding = (at: number, to: string, { why }: Clash): Finding => ({
  path: ['results', at, 'to'],
  found: foundText(to),
  allowed: `a path of its own: ${why}`,
});
