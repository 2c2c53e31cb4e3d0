import { z } from 'zod';
import type { Json, JsonObject } from '../../contract/json.ts';
import type { Condition, When } from '../../contract/pipeline.ts';
import type { PlannedColumn } from '../../providers/catalog.ts';
import { isRequested } from '../../providers/catalog.ts';
import { inCircles } from '../../providers/circles.ts';
import { MAX_PATTERN, patternProblem } from '../../safe-pattern.ts';
import type { IssueDraft } from '../document/issue-draft.ts';
import { MAX_ISSUES, type Path } from '../document/issue.ts';
import { foundText, valueAt } from '../document/translate.ts';
import { mappingOf, namesInMapping, unknownColumns } from './named.ts';

const scalars = z
  .array(z.union([z.string(), z.number(), z.boolean()], 'a text, a number, true or false'))
  .min(1)
  .max(1000);

const condition = z
  .strictObject({
    empty: z.boolean().optional().describe('true: there is no value. false: there is one.'),
    oneOf: scalars.optional().describe('The value is one of these.'),
    noneOf: scalars.optional().describe('The value is none of these.'),
    atLeast: z.number().optional().describe('The value is a number, and not less.'),
    atMost: z.number().optional().describe('The value is a number, and not more.'),
    matches: z
      .string()
      .min(1)
      .max(MAX_PATTERN)
      .optional()
      .describe('A regular expression (RE2), found anywhere in the text.'),
  })
  .describe('A condition; all of its rules must hold.');

/** Schema of `when` in the pipeline file. */
export const whenFile = z
  .record(
    z.string(),
    z
      .record(z.string(), condition)
      .describe('Column of the table or of the source → condition; all must hold.'),
  )
  .describe('Columns that are asked for only in rows where conditions hold.');

/** Schema of the same in the workflow's argument. */
export const whenInput = z.record(
  z.string(),
  z.record(
    z.string(),
    z.strictObject({
      empty: z.boolean().exactOptional(),
      oneOf: scalars.exactOptional(),
      noneOf: scalars.exactOptional(),
      atLeast: z.number().exactOptional(),
      atMost: z.number().exactOptional(),
      matches: z.string().min(1).max(MAX_PATTERN).exactOptional(),
    }),
  ),
);

/** Drops undefined fields, which would change a digest. */
export const whenOf = (file: z.output<typeof whenFile>): When =>
  Object.fromEntries(
    Object.entries(file).map(([column, conditions]) => [
      column,
      Object.fromEntries(
        Object.entries(conditions).map(([name, one]) => [name, conditionOf(one)] as const),
      ),
    ]),
  );

const conditionOf = ({
  empty,
  oneOf,
  noneOf,
  atLeast,
  atMost,
  matches,
}: z.output<typeof condition>): Condition => ({
  ...(empty === undefined ? {} : { empty }),
  ...(oneOf === undefined ? {} : { oneOf }),
  ...(noneOf === undefined ? {} : { noneOf }),
  ...(atLeast === undefined ? {} : { atLeast }),
  ...(atMost === undefined ? {} : { atMost }),
  ...(matches === undefined ? {} : { matches }),
});

/**
 * Finds conditions of unknown columns, on columns that come later, that no value fulfils, and
 * circles.
 */
export function checkConditions(value: Json, planned: readonly PlannedColumn[]): IssueDraft[] {
  const when = mappingOf(valueAt(value, ['when']));
  const own = planned.filter(isRequested).map(({ key }) => key);
  const findings = unknownColumns(namesInMapping(when, ['when']), own);
  const rows = mappingOf(valueAt(value, ['rows']));
  for (const [column, conditions] of Object.entries(when)) {
    const named = mappingOf(conditions);
    if (Object.keys(named).length === 0) {
      const allowed = 'a column of the table or of the source, and its condition';
      findings.push({ path: ['when', column], found: 'no condition', allowed });
    }
    for (const [name, one] of Object.entries(named)) {
      const path = ['when', column, name];
      findings.push(...checkPlace(path, { column, name, own, planned, rows }));
      findings.push(...checkRules(path, mappingOf(one)));
    }
  }
  return [...findings, ...checkCircles(when, planned)].slice(0, MAX_ISSUES);
}

interface Place {
  column: string;
  name: string;
  own: readonly string[];
  planned: readonly PlannedColumn[];
  rows: JsonObject;
}

/** Checks that the column named is known by then. */
function checkPlace(path: Path, { column, name, own, planned, rows }: Place): IssueDraft[] {
  const [at, before] = [own.indexOf(column), own.indexOf(name)];
  if (at !== -1 && name === column) {
    return [{ path, found: `"${name}" waits for itself`, allowed: 'another column' }];
  }
  if (at !== -1 && before > at) {
    const found = `"${name}" comes later in table.columns`;
    return [{ path, found, allowed: `a column before "${column}"` }];
  }
  const { keep } = rows;
  const isOfSource = !planned.some(({ key }) => key === name);
  const mapped = Object.values(mappingOf(rows['map']));
  const isKept =
    !Array.isArray(keep) || keep.includes(name) || mapped.includes(name) || rows['key'] === name;
  if (!isOfSource || isKept) return [];
  const found = `"${name}" is no column of the table, and rows.keep leaves it out of the rows`;
  return [
    {
      path,
      found,
      allowed: `${own.slice(0, at).join(', ') || 'a source column'}, or a column in rows.keep`,
    },
  ];
}

function checkRules(path: Path, rules: JsonObject): IssueDraft[] {
  const { atLeast, atMost, matches } = rules;
  const findings: IssueDraft[] = [];
  if (Object.keys(rules).length === 0) {
    const allowed = 'one of empty, oneOf, noneOf, atLeast, atMost, matches';
    findings.push({ path, found: 'no rule', allowed });
  }
  if (typeof atLeast === 'number' && typeof atMost === 'number' && atLeast > atMost) {
    const allowed = `at least ${atLeast}, or no value fits`;
    findings.push({ path: [...path, 'atMost'], found: foundText(atMost), allowed });
  }
  const problem = typeof matches === 'string' ? patternProblem(matches) : null;
  if (problem !== null) {
    const allowed = `a regular expression of RE2: ${problem}`;
    findings.push({ path: [...path, 'matches'], found: foundText(matches), allowed });
  }
  return findings;
}

/** Finds columns that wait for themselves, by conditions and by what the provider needs. */
function checkCircles(when: JsonObject, planned: readonly PlannedColumn[]): IssueDraft[] {
  const named = (key: string): string[] => Object.keys(mappingOf(when[key]));
  const needs = inCircles(new Map(planned.map(({ key, dependsOn }) => [key, dependsOn])));
  const both = inCircles(
    new Map(planned.map(({ key, dependsOn }) => [key, [...dependsOn, ...named(key)]])),
  );
  return Object.keys(when)
    .filter((key) => both.has(key) && !needs.has(key) && !named(key).includes(key))
    .map((key) => ({
      path: ['when', key],
      found: `"${key}" waits for itself, through ${named(key).join(', ')}`,
      allowed: 'conditions on columns that do not need it',
    }));
}
