import { ERRORS, errorEntry, EXIT, isErrorCode } from '../src/errors.ts';

/** docs/reference/errors.md, made from the one table of error codes. */
export function errorsPage(): string {
  const codes = Object.keys(ERRORS).filter(isErrorCode).sort();
  const exits = Object.entries(EXIT).map(([name, code]) => `| ${code} | ${name} |`);
  const entries = codes.flatMap((code) => {
    const { meaning, remedy, retryable, exit, benign } = errorEntry(code);
    const retry = retryable ? 'tried again by itself' : 'not tried again';
    const alarm = benign ? ', expected now and then' : '';
    return [
      `## ${code}`,
      '',
      meaning,
      '',
      `**What to do:** ${remedy}`,
      '',
      `*Exit code ${exit}; ${retry}${alarm}.*`,
      '',
    ];
  });
  return [
    '# Errors',
    '',
    'Generated from `src/errors.ts` by `npm run docs`. Every error names a code of this page, what',
    'happened, where, and what to do next. In Temporal the code is the type of the failure.',
    '',
    '| exit code | outcome |',
    '|---|---|',
    ...exits,
    '',
    ...entries,
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}
