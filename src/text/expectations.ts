import type { Expectation } from '../contract/pipeline.ts';
import type { JudgedExpectation } from '../contract/results.ts';
import { formatInteger } from './numbers.ts';

const MAX_NAMED = 3;

/** `employees filled 40 % (wanted 70 %), sector oneOf 97.5 % (wanted 100 %)` */
export function failedExpectationsText(judged: readonly JudgedExpectation[]): string {
  const failed = judged.filter(({ met }) => !met);
  const named = failed
    .slice(0, MAX_NAMED)
    .map(
      ({ column, rule, wanted, found }) =>
        `${column} ${rule} ${percentText(found)} (wanted ${percentText(wanted)})`,
    );
  const more = failed.length - named.length;
  return [...named, ...(more > 0 ? [`${formatInteger(more)} more`] : [])].join(', ');
}

/** Rounds down to a tenth, so that 69.99 % is not shown as the 70 % that it misses. */
export const percentText = (share: number): string =>
  `${Number((Math.floor(share * 1000 + 1e-9) / 10).toFixed(1))} %`;

/** Facts for the operator as name and text. */
export const expectationFacts = (
  judged: readonly JudgedExpectation[] = [],
  code: (text: string) => string,
): [string, string][] => {
  if (judged.length === 0) return [];
  const failed = judged.filter(({ met }) => !met);
  if (failed.length === 0)
    return [['expected', `${formatInteger(judged.length)} of ${formatInteger(judged.length)} met`]];
  return [['expected', `not met: ${code(failedExpectationsText(failed))}`]];
};

/** `sector filled 90 %, oneOf 11 answers; employees filled 70 %, type number, min 1` */
export function expectationsText(expected: Readonly<Record<string, Expectation>>): string {
  return Object.entries(expected)
    .map(([column, { filled, oneOf, type, min, max, fits }]) => {
      const rules = [
        ...(filled === undefined ? [] : [`filled ${percentText(filled)}`]),
        ...(oneOf === undefined ? [] : [`oneOf ${formatInteger(oneOf.length)} answers`]),
        ...(type === undefined ? [] : [`type ${type}`]),
        ...(min === undefined ? [] : [`min ${min}`]),
        ...(max === undefined ? [] : [`max ${max}`]),
        ...(fits === undefined ? [] : [`fits ${percentText(fits)}`]),
      ];
      return `${column} ${rules.join(', ')}`;
    })
    .join('; ');
}
