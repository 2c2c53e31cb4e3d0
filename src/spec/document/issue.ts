import { RowmillError, type ErrorCode } from '../../errors.ts';

/** Mistake in a pipeline file. */
export interface SpecIssue {
  /** Line from 1; `null` for a mistake on the command line. */
  line: number | null;
  /** Column from 1, in characters; `null` as above. */
  column: number | null;
  /** `table.columns[0].value.prompt`; empty for the file as a whole; or the flag. */
  path: string;
  found: string;
  allowed: string | null;
  /** The nearest valid word. */
  suggestion: string | null;
}

/** Code for what is wrong with a file: its content, a secret in it, or its rows. */
export type SpecErrorCode = Extract<
  ErrorCode,
  'spec_invalid' | 'spec_has_secret' | 'rows_invalid' | 'source_not_found'
>;

/** Error with all mistakes of one pipeline file: as text in the message, as data in `issues`. */
export class SpecError extends RowmillError {
  readonly issues: readonly SpecIssue[];
  declare readonly code: SpecErrorCode;

  constructor(
    file: string,
    issues: readonly SpecIssue[],
    code: SpecErrorCode = 'spec_invalid',
    remedy?: string,
  ) {
    const sorted = withoutRepeats(issues.map(cut).sort(byPlace)).slice(0, MAX_ISSUES);
    const count = sorted.length === 1 ? '1 mistake' : `${sorted.length} mistakes`;
    const shown = sorted.slice(0, MAX_SHOWN).map((issue) => issueText(file, issue));
    const more = sorted.length - shown.length;
    if (more > 0) shown.push(`… and ${more} more`);
    super(code, `${count} in ${file}\n${shown.join('\n')}`, remedy === undefined ? {} : { remedy });
    this.issues = sorted;
  }
}

/** Maximum mistakes recorded, after which checks may stop. */
export const MAX_ISSUES = 500;

/** Maximum mistakes shown: more mean that it is not the intended file. */
const MAX_SHOWN = 50;

/** Removes duplicates: the schema and later checks may find the same mistake. */
const withoutRepeats = (issues: readonly SpecIssue[]): SpecIssue[] => {
  const first = new Map<string, SpecIssue>();
  for (const issue of issues) {
    const place = `${issue.line}:${issue.column}:${issue.path}`;
    // An unreadable line may have several syntax errors.
    const key = issue.path === '' ? `${place}${issue.found}` : place;
    if (!first.has(key)) first.set(key, issue);
  }
  return [...first.values()];
};

const byPlace = (a: SpecIssue, b: SpecIssue): number =>
  (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);

/** Truncates values that may be megabytes. */
const cut = (issue: SpecIssue): SpecIssue => ({
  ...issue,
  path: issue.path.slice(0, 1_000),
  found: issue.found.slice(0, 1_000),
  allowed: issue.allowed?.slice(0, 2_000) ?? null,
});

/** `file:line:column  path  found · allowed · did you mean "x"?` */
export function issueText(file: string, issue: SpecIssue): string {
  const place = issue.line === null ? [] : [`${file}:${issue.line}:${issue.column ?? 1}`];
  const said = [issue.found];
  if (issue.allowed !== null) said.push(shorten(issue.allowed, 300));
  if (issue.suggestion !== null) said.push(`did you mean "${issue.suggestion}"?`);
  return [...place, ...(issue.path === '' ? [] : [issue.path]), said.join(' · ')].join('  ');
}

/** Truncates to one line of limited length. */
export function shorten(text: string, max: number): string {
  // Control characters would garble a terminal.
  const line = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
  return line.length <= max ? line : `${line.slice(0, max - 1)}…`;
}

export type Path = readonly (string | number)[];

/** `['table', 'columns', 0, 'key']` → `table.columns[0].key` */
export const pathText = (path: Path): string =>
  path
    .map((step, at) =>
      typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${shorten(step, 60)}`,
    )
    .join('');
