import { z } from 'zod';

/**
 * Strict schemas of Extruct's column configs: the API ignores a misspelt field, or refuses it only
 * after the table was made. Source: the API's Create Table page. Configs are sent verbatim, without
 * defaults.
 */

export const AGENT_TYPES = [
  'research_pro',
  'research',
  'research_reasoning',
  'llm',
  'linkedin',
] as const;

const OUTPUT_FORMATS = [
  ...['text', 'url', 'number', 'numeric', 'money', 'date', 'email', 'phone'],
  ...['label', 'select', 'multiselect', 'grade', 'json', 'people'],
] as const;

const key = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,62}$/, 'a letter, then letters, digits and "_", at most 63')
  .describe('What cells and `{mentions}` call the column; unique in the table.');
const name = z.string().min(1).describe('Heading of the column.');

const agentValue = z.strictObject({
  agent_type: z
    .enum(AGENT_TYPES)
    .optional()
    .describe('Who answers. Default research_pro; people tables need another one.'),
  prompt: z
    .string()
    .optional()
    .describe('The question. `{key}` mentions another column, which is then computed first.'),
  output_format: z.enum(OUTPUT_FORMATS).optional().describe('Type of the answer. Default text.'),
  labels: z
    .array(z.string().min(1))
    .min(1)
    .nullish()
    .describe('Answers to choose from; needed for select, multiselect and label.'),
  output_schema: z
    .record(z.string(), z.json())
    .nullish()
    .describe('JSON Schema of the answer; needed for json.'),
  extra_dependencies: z
    .array(z.string())
    .nullish()
    .describe('Columns to compute first although the prompt does not mention them.'),
});

const criterion = z.strictObject({
  key: z
    .string()
    .regex(/^[a-zA-Z][a-zA-Z0-9_]*$/, 'a letter, then letters, digits and "_"')
    .describe('What scores call the criterion.'),
  name: z.string().min(1).max(100).describe('The criterion for people.'),
  criterion: z.string().min(10).max(500).describe('What is judged.'),
});

const plain = <K extends string>(kind: K, what: string) =>
  z.strictObject({ kind: z.literal(kind).describe(what), key, name }).describe(what);

export const columnConfig = z.discriminatedUnion('kind', [
  plain('input', 'A value that comes with the rows.'),
  z
    .strictObject({
      kind: z.literal('agent').describe('An answer found by an agent.'),
      key,
      name,
      value: agentValue.describe('What is asked, and of whom.'),
    })
    .describe('An answer found by an agent.'),
  z
    .strictObject({
      kind: z.literal('criterion_grade').describe('A grade against one criterion.'),
      key,
      name,
      value: z
        .strictObject({ criterion: z.string().min(1).describe('What is judged.') })
        .describe('The criterion.'),
    })
    .describe('A grade against one criterion.'),
  z
    .strictObject({
      kind: z.literal('company_people_finder').describe('People of the company, by role.'),
      key,
      name,
      value: z
        .strictObject({
          roles: z.array(z.string().min(1)).min(1).describe('Titles or families of roles.'),
          provider: z.literal('research_pro').optional().describe('Agent that searches.'),
          max_results: z.int().min(1).optional().describe('People a company at most. Default 5.'),
        })
        .describe('Whom to find.'),
    })
    .describe('People of the company, by role; company tables only.'),
  z
    .strictObject({
      kind: z.literal('discovery_scores').describe('Scores of a deep search.'),
      key,
      name,
      criteria: z.record(z.string(), criterion).nullish().describe('Criteria by key.'),
    })
    .describe('Scores of a deep search.'),
  plain('company_profile', 'Made by company tables themselves.'),
  plain('company_name', 'Made by company tables themselves.'),
  plain('company_website', 'Made by company tables themselves.'),
  plain('email_finder', 'E-mail address of a person; people tables only.'),
  plain('phone_finder', 'Phone number of a person; people tables only.'),
  z
    .strictObject({
      kind: z.literal('reverse_email_lookup').describe('The person behind an address.'),
      key,
      name,
      email_column_key: z.string().min(1).describe('Column that holds the address.'),
    })
    .describe('The person behind an e-mail address; people tables only.'),
]);
