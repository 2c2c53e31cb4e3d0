import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ts from 'typescript';
import { rowSchema } from '../../src/answers/row-schema.ts';
import { rowTyper } from '../../src/answers/typed-rows.ts';
import { rowTypeScript } from '../../src/answers/typescript.ts';
import { Missing, resultRow } from '../sinks/result-row.ts';

const COLUMNS = ['revenue', 'sector', 'ceo', 'any thing', 'site'];
const ANSWERS = {
  revenue: { type: 'number' },
  sector: { type: 'string', enum: ['Energy', 'a "quoted" */ one'] },
  ceo: {
    type: 'object',
    properties: { name: { type: 'string' }, 'age in years': { type: ['integer', 'null'] } },
    required: ['name'],
  },
  site: { type: 'array', items: { anyOf: [{ type: 'string' }, { const: 4 }] } },
};
const NAMES = { pipeline: 'sp500-profile', inputs: ['input'], columns: COLUMNS };
const row = resultRow(
  'MMM',
  { input: '3M' },
  {
    revenue: 'n/a',
    sector: 'Energy',
    ceo: { name: 'Ada' },
    'any thing': [1, { two: 2 }],
    site: new Missing('failed'),
  },
);

test('typed rows fit the schema that is printed, untyped ones do not', () => {
  const fits = new Ajv2020({ strict: false }).compile(rowSchema(NAMES, ANSWERS));
  expect(fits(rowTyper(ANSWERS, 'check')(row).row)).toBe(true);
  expect(fits(row)).toBe(false);
});

test('the TypeScript type takes the answers of its columns', () => {
  const printed = rowTypeScript(NAMES.pipeline, COLUMNS, ANSWERS);
  expect(printed).toContain('export interface Sp500ProfileAnswers {');
  const use = (answers: string) => `${printed.replace(/^import.*$/m, 'type TypedResultRow<T> = T;')}
    export const answers: Sp500ProfileAnswers = ${answers};`;
  const rest = `'any thing': [1], site: ['x', 4]`;
  const good = `{ revenue: 5, sector: 'Energy', ceo: { name: 'Ada', 'age in years': null }, ${rest} }`;
  expect(errorsIn(use(good))).toEqual([]);
  expect(errorsIn(use(good.replace('revenue: 5', `revenue: 'n/a'`)))).toHaveLength(1);
  expect(errorsIn(use(good.replace(`'Energy'`, `'Mining'`)))).toHaveLength(1);
});

function errorsIn(text: string): string[] {
  const options: ts.CompilerOptions = { strict: true, noEmit: true, types: [], noLib: false };
  const host = ts.createCompilerHost(options);
  const file = ts.createSourceFile('rows.ts', text, ts.ScriptTarget.ES2022);
  const withRows: ts.CompilerHost = {
    ...host,
    getSourceFile: (name, version) =>
      name === 'rows.ts' ? file : host.getSourceFile(name, version),
  };
  const program = ts.createProgram(['rows.ts'], options, withRows);
  return ts
    .getPreEmitDiagnostics(program, file)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}
