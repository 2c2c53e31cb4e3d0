import { answerSchemas, schemaName } from '../../answers/answer-schemas.ts';
import type { EnrichTableInput } from '../../contract/run.ts';
import type { Canary, ChangesPolicy, Pipeline, RowsSource } from '../../contract/pipeline.ts';
import type { Estimate } from '../../client/pipelines/estimate.ts';
import type { StartPlan } from '../../client/pipelines/prepare.ts';
import { checkStart } from '../../client/rowmill-check.ts';
import { openStore } from '../../env.ts';
import { isRequested, requireProviderSpec } from '../../providers/catalog.ts';
import { typePolicyOf } from '../../sinks/index.ts';
import { sourceName } from '../../sources/source.ts';
import { tableSinkOf } from '../../sinks/tables.ts';
import { expectationsText } from '../../text/expectations.ts';
import type { Cli } from '../io/context.ts';
import { nightText } from '../io/night.ts';
import { aboutOf, limitTexts } from '../io/summary.ts';
import { formatCount, shortPath, formatInteger } from '../io/format.ts';
import { shellQuote } from '../../text/shell.ts';
import { probeTargets, reportWarnings } from '../run/probe-targets.ts';
import { keptText, rowsReport, printWarnings, type RowsReport } from '../io/rows-report.ts';
import { printError } from '../io/print-error.ts';
import { webhookProblems } from '../doctor/webhooks.ts';
import { textTable } from '../io/table.ts';

export interface CheckFlags {
  rows?: string;
  out?: string;
  json?: true;
  full?: true;
  connect?: true;
}

/** Checks everything that needs no token, server or credit. */
export async function check(cli: Cli, file: string, flags: CheckFlags): Promise<void> {
  const asked = {
    pipeline: file,
    ...(flags.full === true ? { night: { full: true } } : {}),
    ...(flags.rows === undefined ? {} : { rows: flags.rows }),
    ...(flags.out === undefined ? {} : { out: flags.out }),
  };
  const plan = await checkStart(asked, openStore(cli.env), cli.env);
  const { pipeline, warnings, rows, estimate, refusal } = plan;
  await probeTargets(plan, flags.connect === true ? cli.env : null);
  const report = rowsReport(rows, estimate);
  const webhooks = webhookProblems(pipeline, cli.env);
  const undeliverable = webhooks.map(
    ({ url, what, remedy }) =>
      `a worker with this environment sends nothing to ${url}: ${what}. ${remedy}`,
  );
  printWarnings(cli, [...warnings, ...undeliverable, ...(await reportWarnings(pipeline))]);
  if (flags.json === true) cli.json({ ...asJson(estimate, pipeline), ...report, webhooks });
  else cli.print(asText(plan, report, file));
  // Printed here: with --json the only object is out already.
  if (refusal !== null) cli.exitWith(await printError(cli, refusal));
  else if (flags.json !== true) cli.log(`Next: ${runCommand(file, flags)}`);
}

/** Names the source without secrets. */
function originText(source: RowsSource): string {
  if (source.type === 'file') return shortPath(source.path);
  return source.type === 'url' || source.type === 'postgres' ? sourceName(source) : source.type;
}

/** Returns the command that runs the checked rows to the checked paths. */
const runCommand = (file: string, { rows, out }: CheckFlags): string =>
  [
    ...['rowmill', 'run', file],
    ...(rows === undefined ? [] : ['--rows', rows]),
    ...(out === undefined ? [] : ['--out', out]),
  ]
    .map(shellQuote)
    .join(' ');

function asJson(estimate: Estimate, pipeline: Pipeline): object {
  const { rows, columns, cells, credits, verdict, apiCalls } = estimate;
  const workflowInput: EnrichTableInput = { pipeline };
  const {
    maxCredits = null,
    approveAbove = null,
    perDay = null,
    onCeiling = null,
  } = estimate.spend;
  const { creditsPerCell } = estimate.spend;
  const limits = { maxCredits, onCeiling, approveAbove, perDay, creditsPerCell };
  const spend = { verdict, ...limits, ceiling: estimate.ceiling };
  const most = estimate.isMaximum === true ? { isMaximum: true } : {};
  const night = estimate.night === undefined ? {} : { night: estimate.night };
  return { rows, columns, cells, credits, ...most, spend, ...night, apiCalls, workflowInput };
}

function asText(
  { pipeline, estimate, refusal }: StartPlan,
  { badRows, repeatedKeys, keeps }: RowsReport,
  file: string,
): string {
  const { rows, columns, cells, credits, apiCalls } = estimate;
  const table = textTable(
    [{ title: 'column' }, { title: 'cells' }, { title: 'waits for', maxWidth: 80 }],
    columns.map((column) => [column.key, priceOf(column), column.dependsOn.join(', ')]),
  );
  const limits = limitTexts(estimate);
  const { source } = pipeline.rows;
  const from = originText(source);
  const facts = textTable(
    [{ title: 'rows' }, { title: `${formatInteger(rows)} from ${from}`, maxWidth: 500 }],
    [
      ...(badRows === null ? [] : [['left out', formatCount(badRows.rows, 'bad row')]]),
      ...(repeatedKeys === null
        ? []
        : [
            [
              'left out',
              formatCount(repeatedKeys.rows, 'row with a repeated key', 'rows with a repeated key'),
            ],
          ]),
      ...(keeps.length === 0 ? [] : [['come back', keptText(keeps, pipeline)]]),
      ['cells', formatInteger(cells)],
      ...(estimate.night === undefined ? [] : [['tonight', nightText(estimate.night)]]),
      [
        'credits',
        `${aboutOf(estimate)} ${formatInteger(credits)}; ${limits.join(', ') || 'no limit'}`,
      ],
      [
        'API calls',
        `${formatInteger(apiCalls.total)} and polls; each rerun of failed cells ${formatInteger(apiCalls.eachRerun)} more`,
      ],
      ['results', placesOf(pipeline).join(', ')],
      ...(pipeline.when === undefined
        ? []
        : [
            [
              'conditions',
              `on ${Object.keys(pipeline.when).join(', ')}: asked for only where they hold`,
            ],
          ]),
      ...(pipeline.canary === undefined ? [] : [['canary', canaryLine(pipeline.canary, rows)]]),
      ...(pipeline.expect === undefined
        ? []
        : [
            [
              'expects',
              `${expectationsText(pipeline.expect)}; else ${pipeline.onFailedExpectation ?? 'hold'}`,
            ],
          ]),
      ...typeLines(pipeline),
      ...(pipeline.changes === undefined ? [] : [['changes', changesText(pipeline.changes)]]),
    ],
  );
  const ours = columns.filter(isRequested);
  const verdict = refusal === null ? 'is fine' : 'would be refused';
  const head = `${pipeline.name} ${verdict}: ${formatCount(ours.length, 'column')} of ${pipeline.provider} (${shortPath(file)})`;
  return [head, '', facts, '', table].join('\n');
}

/** Names the files and tables that get results. */
const placesOf = ({ results, tables = [] }: Pipeline): string[] => [
  ...results.map(({ to }) => shortPath(to)),
  ...tables.map((target) => `${tableSinkOf(target).name(target)} (${target.postgres.mode})`),
];

/** Says which answers are typed, and where. */
function typeLines(pipeline: Pipeline): string[][] {
  const answers = answerSchemas(requireProviderSpec(pipeline.provider), pipeline);
  const columns = Object.entries(answers).map(([column, schema]) => {
    const type = schemaName(schema);
    return type === null ? column : `${column} ${type}`;
  });
  const policies = (['check', 'coerce'] as const).flatMap((policy) => {
    const { results, tables = [] } = pipeline;
    const targets = [
      ...results.filter((target) => typePolicyOf(target) === policy).map(({ to }) => shortPath(to)),
      ...tables
        .filter((target) => tableSinkOf(target).types(target) === policy)
        .map((target) => tableSinkOf(target).name(target)),
    ];
    return targets.length === 0 ? [] : [`${policy} at ${targets.join(', ')}`];
  });
  if (policies.length === 0) return [];
  return [['types', `${columns.join(', ') || 'none are known'}; ${policies.join('; ')}`]];
}

/** Says which differences from the last publication are not reported. */
function changesText({ ignore = [], tolerance = {}, text = 'exact' }: ChangesPolicy): string {
  const within = Object.entries(tolerance).map(
    ([column, share]) => `${column} within ${Number((share * 100).toFixed(3))} %`,
  );
  const left = [
    ...ignore,
    ...within,
    ...(text === 'exact' ? [] : ['case, white space and punctuation']),
  ];
  return left.length === 0 ? 'every difference' : `without ${left.join(', ')}`;
}

/** Says which rows go first. */
function canaryLine({ rows, pick }: Canary, of: number): string {
  const which = typeof pick === 'string' ? pick : 'by key';
  return `${formatInteger(rows)} of ${formatCount(of, 'row')} first (${which})`;
}

function priceOf(column: Estimate['columns'][number]): string {
  if (column.input) return 'from the rows';
  if (!column.paid) return 'free';
  return column.creditsWeight === 1 ? 'paid' : `paid × ${column.creditsWeight}`;
}
