import { Document, Scalar, visit } from 'yaml';
import type { StarterTable } from '../../providers/catalog.ts';

/** Content of a first pipeline file. */
export interface FirstPipeline extends StarterTable {
  name: string;
  provider: string;
  /** Environment variable of the provider's token. */
  tokenVariable: string;
  /** Address of the JSON Schema, for editors. */
  schema: string;
  /** Path of the file in commands, ready for a shell. */
  file: string;
  /** Path of the list, relative to the file. */
  from: string;
  key: string;
  /** Later rows of a key are there, and are left out. */
  repeatsKeys: boolean;
  /** Whole percent of rows that cannot be used; 0: none. */
  skipPercent: number;
  rows: number;
  /** Ceiling in credits; `null`: not known yet. */
  maxCredits: number | null;
}

/** Formats the file, with a comment at each part. */
export function pipelineText(first: FirstPipeline): string {
  const { name, provider, table, map, from, key, file } = first;
  const rows = {
    from,
    key,
    map,
    ...(first.skipPercent === 0 ? {} : { skipBad: `${first.skipPercent}%` }),
    ...(first.repeatsKeys ? { duplicates: 'first' } : {}),
  };
  return [
    `# yaml-language-server: $schema=${first.schema}`,
    `#   rowmill check ${file}              what it would take; spends nothing`,
    `#   rowmill run ${file} --embedded     does it, with ${first.tokenVariable} set`,
    yaml({ name, provider }),
    '# The table that is made. Columns are the provider’s own; edit the prompts, add or remove columns.',
    yaml({ table }),
    ...rowsComments(first),
    yaml({ rows }),
    '# Ceiling of a run. Above it nothing is started; `rowmill check` prints the estimate.',
    ...(first.maxCredits === null ? [] : [yaml({ spend: { maxCredits: first.maxCredits } })]),
    '# Share of the cells that may lack an answer in a run that counts as completed.',
    yaml({ run: { tolerateFailed: TOLERATED } }),
    '# Where the results go, whole or not at all.',
    yaml({ results: [{ to: `out/${name}.csv` }, { to: `out/${name}.jsonl` }] }),
  ].join('\n');
}

/** Some cells fail for good in nearly every list: a first run is not partial because of them. */
const TOLERATED = '2%';

const rowsComments = ({ repeatsKeys, skipPercent }: FirstPipeline): string[] => [
  '# `key` identifies a row for ever. `map`: input column of the table ← column of the list.',
  ...(skipPercent === 0 ? [] : ['# `skipBad`: so many rows may lack the key or the input.']),
  ...(repeatsKeys ? ['# `duplicates: first`: of rows with the same key, the first is used.'] : []),
];

function yaml(value: object): string {
  const document = new Document(value);
  visit(document, {
    Scalar: (_at, node) => {
      // Plain, it would merge mappings.
      if (node.value === '<<') node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ lineWidth: 110 });
}
