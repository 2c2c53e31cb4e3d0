import type { Snapshot } from '../../sources/snapshot.ts';
import { formatCount, formatInteger } from '../../text/numbers.ts';
import type { Estimate } from './estimate.ts';

/** Rows that ask what a row before them asks, and about what they cost. */
export interface RepeatedInputs {
  exact: number;
  alike: number;
  credits: number;
}

export function repeatedInputsOf({ repeats }: Snapshot, estimate: Estimate): RepeatedInputs {
  const { exact, alike } = repeats ?? { exact: 0, alike: 0 };
  const { rows, credits } = estimate;
  return { exact, alike, credits: rows === 0 ? 0 : (credits / rows) * (exact + alike) };
}

/** Warnings about the rows of a start, one text each: what was passed over, left out or repeated. */
export const rowsWarnings = (snapshot: Snapshot, estimate: Estimate): string[] => [
  ...snapshot.warnings,
  ...badRowsText(snapshot),
  ...repeatedKeysText(snapshot),
  ...repeatedText(repeatedInputsOf(snapshot, estimate)),
];

function badRowsText({ bad }: Snapshot): string[] {
  if (bad === null) return [];
  const { rows, of, problems } = bad;
  const isOne = rows === 1;
  const head = `${formatInteger(rows)} of ${formatCount(of, 'row')} cannot be used and ${isOne ? 'is' : 'are'} left out (rows.skipBad), named in the quarantine:`;
  return [[head, ...problems.map((problem) => `  ${problem}`)].join('\n')];
}

function repeatedKeysText({ repeatedKeys }: Snapshot): string[] {
  if (repeatedKeys === null) return [];
  const { rows, of, problems } = repeatedKeys;
  const [repeats, is] = rows === 1 ? ['repeats', 'is'] : ['repeat', 'are'];
  const head = `${formatInteger(rows)} of ${formatCount(of, 'row')} ${repeats} the key of a row before and ${is} left out (rows.duplicates), named in the quarantine:`;
  return [[head, ...problems.map((problem) => `  ${problem}`)].join('\n')];
}

function repeatedText({ exact, alike, credits }: RepeatedInputs): string[] {
  if (exact + alike === 0) return [];
  const asks = exact + alike === 1 ? 'asks' : 'ask';
  const but =
    alike === 0 ? '' : ` (${formatInteger(alike)} but for case, https://, www. or a last slash)`;
  return [
    `${formatCount(exact + alike, 'row')} ${asks} what a row before ${asks === 'ask' ? 'them' : 'it'} asks${but}: about ${formatCount(credits, 'credit')}`,
  ];
}
