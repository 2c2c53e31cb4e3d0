import type { SpecDocument } from './document.ts';
import { MOST_ISSUES, pathText, type Path, type SpecIssue } from './issue.ts';

/** A mistake before it is known where in the file it stands. */
export interface Finding {
  path: Path;
  found: string;
  allowed: string;
  suggestion?: string | null;
  /** Text inside the value at `path` that the position should point to. */
  within?: string | undefined;
}

export const placed = (findings: readonly Finding[], document: SpecDocument): SpecIssue[] =>
  findings.slice(0, MOST_ISSUES).map(({ path, found, allowed, suggestion, within }) => ({
    ...document.placeOf(path, within),
    path: pathText(path),
    found,
    allowed,
    suggestion: suggestion ?? null,
  }));
