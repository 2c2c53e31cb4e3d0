import { z } from 'zod';
import type { Json } from '../../contract/json.ts';
import {
  ANSWER_TYPES,
  FAILED_EXPECTATION_POLICIES,
  type Expectation,
} from '../../contract/pipeline.ts';
import { VALUE_RULES } from '../../contract/results.ts';
import type { IssueDraft } from '../document/issue-draft.ts';
import { foundText, valueAt } from '../document/translate.ts';
import { share } from '../fields/scalar-fields.ts';
import { mappingOf, namesInMapping, unknownColumns } from './named.ts';

const scalar = z.union([z.string(), z.number(), z.boolean()], 'a text, a number, true or false');

const valueFields = {
  oneOf: z.array(scalar).min(1).max(1000).optional().describe('Answers that are allowed.'),
  type: z
    .enum(ANSWER_TYPES)
    .optional()
    .describe('Type of the answers; a text of plain digits is a number as well.'),
  min: z.number().optional().describe('Least number.'),
  max: z.number().optional().describe('Greatest number.'),
};

/** Schema of `expect` in the pipeline file. */
export const expectFile = z
  .record(
    z.string(),
    z
      .strictObject({
        filled: share.optional().describe('Least share of rows that have an answer, like 90%.'),
        ...valueFields,
        fits: share
          .optional()
          .describe('Least share of answers that fit oneOf, type, min and max. Default 100%.'),
      })
      .describe('What is expected of the answers of this column.'),
  )
  .describe('Expectations of the answers by column, judged before anything is published.');

export const onFailedFile = z
  .enum(FAILED_EXPECTATION_POLICIES)
  .describe(
    'hold: the run waits for an approval, the last results stay. partial: the outcome. warn: a caution. Default hold.',
  );

const shareInput = z.number().min(0).max(1).exactOptional();

/** Schema of the same in the workflow's argument. */
export const expectInput = z.record(
  z.string(),
  z.strictObject({
    filled: shareInput,
    oneOf: z.array(scalar).min(1).exactOptional(),
    type: z.enum(ANSWER_TYPES).exactOptional(),
    min: z.number().exactOptional(),
    max: z.number().exactOptional(),
    fits: shareInput,
  }),
);

/** Drops undefined fields, which would change a digest. */
export const expectOf = (file: z.output<typeof expectFile>): Record<string, Expectation> =>
  Object.fromEntries(
    Object.entries(file).map(([column, { filled, oneOf, type, min, max, fits }]) => [
      column,
      {
        ...(filled === undefined ? {} : { filled }),
        ...(oneOf === undefined ? {} : { oneOf }),
        ...(type === undefined ? {} : { type }),
        ...(min === undefined ? {} : { min }),
        ...(max === undefined ? {} : { max }),
        ...(fits === undefined ? {} : { fits }),
      },
    ]),
  );

/** Finds unknown columns, and expectations that say nothing or cannot be met. */
export function checkExpectations(value: Json, columns: readonly string[]): IssueDraft[] {
  const expected = valueAt(value, ['expect']);
  const findings = unknownColumns(namesInMapping(expected, ['expect']), columns);
  for (const [column, one] of Object.entries(mappingOf(expected))) {
    const rules = mappingOf(one);
    const path = ['expect', column];
    const { min, max } = rules;
    const has = (names: readonly string[]): boolean =>
      names.some((name) => Object.hasOwn(rules, name));
    if (!has(['filled', ...VALUE_RULES])) {
      findings.push({
        path,
        found: 'no expectation',
        allowed: `one of filled, ${VALUE_RULES.join(', ')}`,
      });
    } else if (has(['fits']) && !has(VALUE_RULES)) {
      const allowed = `beside one of ${VALUE_RULES.join(', ')}`;
      findings.push({ path: [...path, 'fits'], found: foundText(rules['fits']), allowed });
    }
    if (typeof min === 'number' && typeof max === 'number' && min > max) {
      findings.push({ path: [...path, 'max'], found: foundText(max), allowed: `at least ${min}` });
    }
  }
  const policy = valueAt(value, ['onFailedExpectation']);
  if (policy !== undefined && expected === undefined) {
    const allowed = 'beside `expect`';
    findings.push({ path: ['onFailedExpectation'], found: foundText(policy), allowed });
  }
  return findings;
}
