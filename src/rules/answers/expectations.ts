import type { AnswerType, Expectation, FailedExpectationPolicy } from '../../contract/pipeline.ts';
import type { Json } from '../../contract/json.ts';
import type { Outcome } from '../../contract/outcome.ts';
import {
  VALUE_RULES,
  type JudgedExpectation,
  type Misfits,
  type ScanResult,
  type ValueRule,
} from '../../contract/results.ts';
import { totalCells } from '../cells/outcome.ts';
import { plainNumber } from './plain-number.ts';

export type Expectations = Readonly<Record<string, Expectation>>;

/** Checks whether any rule is about values, which must be read to judge it. */
export const judgesValues = (expected: Expectations | undefined): expected is Expectations =>
  expected !== undefined &&
  Object.values(expected).some((one) => VALUE_RULES.some((rule) => one[rule] !== undefined));

/** Lists the rules that an answer breaks. */
export function brokenRules(answer: Json, expected: Expectation): ValueRule[] {
  const { oneOf, type, min, max } = expected;
  const number = plainNumber(answer);
  return [
    ...(oneOf === undefined || oneOf.some((one) => one === answer) ? [] : (['oneOf'] as const)),
    ...(type === undefined || isOfType(answer, type) ? [] : (['type'] as const)),
    ...(min === undefined || (number !== null && number >= min) ? [] : (['min'] as const)),
    ...(max === undefined || (number !== null && number <= max) ? [] : (['max'] as const)),
  ];
}

function isOfType(answer: Json, type: AnswerType): boolean {
  switch (type) {
    case 'number':
      return plainNumber(answer) !== null;
    case 'integer':
      return Number.isInteger(plainNumber(answer));
    case 'array':
      return Array.isArray(answer);
    case 'object':
      return typeof answer === 'object' && answer !== null && !Array.isArray(answer);
    case 'string':
    case 'boolean':
      return typeof answer === type;
  }
}

/** Adds the rules that an answer breaks to the counts of its column. */
export function countMisfits(counts: Misfits, answer: Json, expected: Expectation): void {
  for (const rule of brokenRules(answer, expected)) counts[rule] = (counts[rule] ?? 0) + 1;
}

/** Judges the expectations of a pipeline by the counts of a table scan, in the order of the file. */
export function judgeExpectations(
  expected: Expectations | undefined,
  scan: Pick<ScanResult, 'byColumn' | 'misfits'> | null,
): JudgedExpectation[] {
  if (expected === undefined || scan === null) return [];
  return Object.entries(expected).flatMap(([column, expectation]) => {
    const cells = Object.hasOwn(scan.byColumn, column) ? scan.byColumn[column] : undefined;
    const answers = cells?.done ?? 0;
    const rows = cells === undefined ? 0 : totalCells(cells);
    const misfits = scan.misfits?.[column] ?? {};
    const { filled, fits = 1 } = expectation;
    return [
      ...(filled === undefined ? [] : [judged(column, 'filled', filled, answers, rows)]),
      ...VALUE_RULES.filter((rule) => expectation[rule] !== undefined).map((rule) =>
        judged(column, rule, fits, answers - (misfits[rule] ?? 0), answers),
      ),
    ];
  });
}

function judged(
  column: string,
  rule: JudgedExpectation['rule'],
  wanted: number,
  good: number,
  of: number,
): JudgedExpectation {
  // Of nothing, everything is as expected.
  const found = of === 0 ? 1 : good / of;
  return { column, rule, wanted, found, met: good >= of * wanted - ROUNDING };
}

/** 29 % of 100 is a little more than 29 in binary. */
const ROUNDING = 1e-9;

export const failedExpectations = (judged: readonly JudgedExpectation[]): JudgedExpectation[] =>
  judged.filter(({ met }) => !met);

/** Returns the outcome of a run whose answers were judged. */
export const outcomeWith = (
  outcome: Outcome,
  judged: readonly JudgedExpectation[],
  policy: FailedExpectationPolicy = 'hold',
): Outcome =>
  policy === 'partial' && outcome === 'completed' && failedExpectations(judged).length > 0
    ? 'partial'
    : outcome;
