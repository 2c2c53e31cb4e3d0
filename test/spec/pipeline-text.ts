import {
  parsePipeline,
  SpecError,
  type ParseOptions,
  type SpecIssue,
} from '../../src/spec/index.ts';
import type { LoadedPipeline } from '../../src/spec/index.ts';

/** A file without mistakes. */
export const GOOD = `name: demo
provider: extruct
table:
  columns:
    - kind: agent
      key: sector
      name: Sector
      value: { prompt: "Sector of {company_name}?" }
rows: { from: companies.csv }
results: [{ to: out/demo.jsonl }]
`;

/** The good file with one line in place of another. */
export const withLine = (from: string, to: string): string => {
  if (!GOOD.includes(from)) throw new Error(`no such line: ${from}`);
  return GOOD.replace(from, to);
};

/** The good file with other columns (YAML of a list, flow style). */
export const withColumns = (columns: string, kind = 'company'): string => `name: demo
provider: extruct
table:
  kind: ${kind}
  columns:
${columns.replace(/^/gm, '    ')}
rows: { from: companies.csv }
results: [{ to: out/demo.jsonl }]
`;

export const parse = (text: string, options: Partial<ParseOptions> = {}): LoadedPipeline =>
  parsePipeline(text, { file: 'p.yaml', baseDir: '/data', env: {}, ...options });

/** The mistakes found; an error that is none of ours is thrown on. */
export function mistakes(text: string, options: Partial<ParseOptions> = {}): readonly SpecIssue[] {
  try {
    parse(text, options);
  } catch (error) {
    if (error instanceof SpecError) return error.issues;
    throw error;
  }
  return [];
}

/** `path: found · allowed · suggestion` of each. */
export const briefly = (text: string): string[] =>
  mistakes(text).map(
    ({ path, found, suggestion }) =>
      `${path}: ${found}${suggestion === null ? '' : ` → ${suggestion}`}`,
  );
