import type { Clash } from '../../paths/footprint.ts';
import type { SpecDocument } from './document.ts';
import { MAX_ISSUES, pathText, type Path, type SpecIssue } from './issue.ts';
import { foundText } from './translate.ts';

/** Mistake whose position in the file is not known yet. */
export interface IssueDraft {
  path: Path;
  found: string;
  allowed: string;
  suggestion?: string | null;
  /** Text inside the value at `path` that the position should point to. */
  within?: string | undefined;
}

export const locate = (findings: readonly IssueDraft[], document: SpecDocument): SpecIssue[] =>
  findings.slice(0, MAX_ISSUES).map(({ path, found, allowed, suggestion, within }) => ({
    ...document.locationOf(path, within),
    path: pathText(path),
    found,
    allowed,
    suggestion: suggestion ?? null,
  }));

/** Reports a target that would touch a foreign path as a mistake of the file. */
export const clashFinding = (at: number, to: string, { why }: Clash): IssueDraft => ({
  path: ['results', at, 'to'],
  found: foundText(to),
  allowed: `a path of its own: ${why}`,
});
