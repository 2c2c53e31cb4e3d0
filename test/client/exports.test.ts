import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import * as library from '../../src/client/index.ts';

const parse = (file: string): ts.SourceFile => {
  const path = new URL(`../../src/client/${file}`, import.meta.url);
  return ts.createSourceFile(file, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
};

const exported = (): string[] =>
  parse('index.ts').statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement)) return [];
    const { exportClause } = statement;
    if (exportClause === undefined || !ts.isNamedExports(exportClause)) {
      throw new Error(`not by name: ${statement.getText()}`);
    }
    return exportClause.elements.map(({ name }) => name.text);
  });

/** Types of the language, of Node and of the Temporal client. */
const KNOWN = new Set([
  ...['AbortSignal', 'AsyncGenerator', 'Date', 'Promise', 'Client', 'DataConverter'],
  ...['Omit', 'Partial', 'Pick', 'Readonly', 'Record', 'const'],
]);

/** Names of the types that a declaration shows to callers; bodies and private members are left out. */
function typesShownBy(node: ts.Node): string[] {
  if (ts.isBlock(node) || (ts.isClassElement(node) && isPrivate(node))) return [];
  const own =
    ts.isTypeReferenceNode(node) && ts.isIdentifier(node.typeName) ? [node.typeName.text] : [];
  const generics = typeParametersOf(node);
  const inner: string[] = [];
  node.forEachChild((child) => void inner.push(...typesShownBy(child)));
  return [...own, ...inner].filter((name) => !generics.includes(name));
}

const isPrivate = (element: ts.ClassElement): boolean =>
  (element.name !== undefined && ts.isPrivateIdentifier(element.name)) ||
  ts.isConstructorDeclaration(element) ||
  ts.getJSDocTags(element).some(({ tagName }) => tagName.text === 'internal');

const typeParametersOf = (node: ts.Node): string[] =>
  ts.isClassElement(node) && ts.isMethodDeclaration(node)
    ? (node.typeParameters ?? []).map(({ name }) => name.text)
    : [];

test('the package exports only the four classes and the errors', () => {
  expect(Object.keys(library).sort()).toEqual([
    'Rowmill',
    'RowmillBudgets',
    'RowmillError',
    'RowmillRun',
    'RowmillSchedules',
    'SpecError',
  ]);
});

test('the package gives out these names', () => {
  expect(exported().sort()).toEqual([
    'AdjustRequest',
    'Adjusted',
    'AppliedAs',
    'AppliedSchedule',
    'ApplyScheduleOptions',
    'ApproveRequest',
    'Availability',
    'BackfillOptions',
    'BackfillPlan',
    'BackfillRange',
    'BadRowLine',
    'BudgetInfo',
    'BudgetList',
    'CancelRequest',
    'CellCounts',
    'CellOutcome',
    'CellUsage',
    'ChangeKind',
    'ChangeLine',
    'ChangesSummary',
    'CheckOptions',
    'ClockChangeDay',
    'CompletedWork',
    'ConnectOptions',
    'DeletedSchedule',
    'Env',
    'ErrorCode',
    'Estimate',
    'EstimatedNight',
    'ExportedFile',
    'Folder',
    'ForgetOptions',
    'ForgetPlan',
    'FreshRun',
    'IncrementalSummary',
    'InvalidAnswerLine',
    'Json',
    'JsonObject',
    'JudgedExpectation',
    'LastKnown',
    'ListRunsOptions',
    'LiveProgress',
    'MissedNight',
    'NewestRun',
    'NightOptions',
    'OldRun',
    'Outcome',
    'PauseRequest',
    'Pipeline',
    'PipelineDocument',
    'PipelineSchedule',
    'PipelineSource',
    'PrepareOptions',
    'PrepareScheduleOptions',
    'PreparedSchedule',
    'PreparedStart',
    'ProgressOptions',
    'ProgressUpdate',
    'PruneOptions',
    'PrunePlan',
    'PublishedFile',
    'QuarantineLine',
    'RaiseBudgetOptions',
    'ReplacedFile',
    'Republished',
    'RequestToCheck',
    'RerunAs',
    'ResultCell',
    'ResultFormatName',
    'ResultRow',
    'ResultTarget',
    'ResultsOptions',
    'RowFiles',
    'Rowmill',
    'RowmillBudgets',
    'RowmillError',
    'RowmillOptions',
    'RowmillRun',
    'RowmillSchedules',
    'RowsOverride',
    'RunFilter',
    'RunInfo',
    'RunPage',
    'RunProgress',
    'RunStatus',
    'RunSummary',
    'ScheduleDetails',
    'ScheduleInfo',
    'ScheduledRun',
    'SeenBy',
    'SetBudgetOptions',
    'SpecError',
    'SpecIssue',
    'SpendBy',
    'SpendGroup',
    'SpendOptions',
    'SpendReport',
    'SpendSums',
    'Stage',
    'StartAs',
    'StartOptions',
    'StartPlan',
    'Store',
    'StoredResults',
    'TriggerOptions',
    'TriggeredRun',
    'TypePolicy',
    'TypedCell',
    'TypedResultRow',
    'WaitOptions',
    'WrittenSpan',
  ]);
});

test.each([
  'rowmill.ts',
  'rowmill-options.ts',
  'rowmill-run.ts',
  'rowmill-schedules.ts',
  'rowmill-budgets.ts',
])('every type in the signatures of %s can be imported', (file) => {
  const shown = parse(file).statements.filter(
    (statement) =>
      (ts.isClassDeclaration(statement) ||
        ts.isInterfaceDeclaration(statement) ||
        ts.isTypeAliasDeclaration(statement)) &&
      exported().includes(statement.name?.text ?? ''),
  );
  const types = new Set(shown.flatMap(typesShownBy));
  expect(types.size).toBeGreaterThan(2);
  const given = exported();
  expect([...types].filter((name) => !given.includes(name) && !KNOWN.has(name))).toEqual([]);
});
