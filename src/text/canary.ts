import type { CanaryFigures } from '../contract/run.ts';
import { failedExpectationsText } from './expectations.ts';
import { formatInteger } from './numbers.ts';

/** `10 of 1,240 rows, 31 credits (3.1 a row), employees filled 40 % (wanted 70 %), the rest about 3,813` */
export function canaryText({ rows, of, credits, expectations }: CanaryFigures): string {
  const each = rows === 0 ? 0 : credits / rows;
  const failed = failedExpectationsText(expectations ?? []);
  return [
    `${formatInteger(rows)} of ${formatInteger(of)} rows`,
    `${formatInteger(credits)} credits (${Number(each.toFixed(2))} a row)`,
    ...(failed === '' ? [] : [failed]),
    `the rest about ${formatInteger(restCredits({ rows, of, credits }))}`,
  ].join(', ');
}

/** Estimates the credits of the rows behind the canary by those of the canary. */
export const restCredits = ({ rows, of, credits }: CanaryFigures): number =>
  rows === 0 ? 0 : Math.round((credits / rows) * (of - rows));
