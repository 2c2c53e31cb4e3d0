/**
 * Thirty nights of the 503 companies on one lasting table, on the simulated machine: one column
 * refreshed every day, one every 30 days, and 1 % of the rows edited before each night. Prints one
 * JSON line for each provider.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse as parseCsv } from 'csv-parse/sync';
import { parse } from 'yaml';
import type { Pipeline } from '../../../src/contract/pipeline.ts';
import type { RunSummary } from '../../../src/contract/run.ts';
import type { TableShape } from '../../../src/providers/provider-spec.ts';
import { parsePipeline } from '../../../src/spec/index.ts';
import { CASES, caseOf } from '../../support/providers/cases.ts';
import type { ProviderCase } from '../../support/providers/provider-case.ts';
import { FaultSchedule } from '../simulation/fault-schedule.ts';
import { EPOCH_MS, inSimulation, type Setup } from '../simulation/machine/setup.ts';
import { fromPayload } from '../simulation/temporal/proto.ts';
import { DueOracle } from './due-oracle.ts';
import { Machine } from './machine.ts';

const { values } = parseArgs({
  options: {
    provider: { type: 'string', multiple: true },
    nights: { type: 'string', default: '30' },
    rows: { type: 'string', default: '503' },
  },
});
const NIGHTS = Number(values.nights);
const ROWS = Number(values.rows);

const DAY_MS = 86_400_000;
/** Each night starts so long after midnight. */
const HOUR_MS = 3_600_000;
/** Days after which an answer of the first and of the second column is asked for again. */
const AGES = [1, 30];

interface Company extends Record<string, string> {
  Symbol: string;
  Security: string;
}

const example = (name: string): string =>
  readFileSync(new URL(`../../../examples/companies/${name}`, import.meta.url), 'utf8');

const EXAMPLES: Record<string, string> = {
  extruct: 'pipeline.yaml',
  promptlayer: 'promptlayer.yaml',
};

function tableOf({ name }: ProviderCase): TableShape {
  // The examples are valid pipeline files; parsePipeline checks what is made of it.
  return (parse(example(EXAMPLES[name] ?? '')) as { table: TableShape }).table;
}

/** Changes 1 % of the rows: in five, three other names, one row that leaves, and one that comes. */
function edit(rows: Company[], night: number): string[] {
  const changed: string[] = [];
  const edits = Math.round(rows.length / 100);
  for (let n = 0; n < edits; n += 1) {
    const at = (night * 97 + n * 41) % rows.length;
    const row = rows[at];
    if (row === undefined) continue;
    if (n % 5 === 3) rows.splice(at, 1);
    else if (n % 5 === 4)
      rows.push({ Symbol: `N${night}-${n}`, Security: `Newcomer ${night}-${n}` });
    else {
      rows[at] = { ...row, Security: `${row.Security} (${night})` };
      changed.push(row.Symbol);
    }
  }
  return changed;
}

async function play(provider: ProviderCase, setup: Setup): Promise<object> {
  const { api, folder, timeline } = setup;
  const machine = new Machine(setup, {
    fate: new FaultSchedule({ kills: [], lost: [] }),
    continueAsNewAfterEvents: null,
    note: () => undefined,
  });
  const oracle = new DueOracle(provider, api);
  const rows = parseCsv<Company>(example('companies.csv'), { columns: true }).slice(0, ROWS);
  const table = tableOf(provider);
  // Its columns are all that is asked of the pipeline.
  const keys = provider.columnsOf({ table } as Pipeline).map(({ key }) => key);
  const ages = new Map(
    keys.flatMap((key, at) => (AGES[at] === undefined ? [] : [[key, AGES[at]]])),
  );
  const configs = keys.map((key) => ({ key, config: {} }));
  const credits: number[] = [];
  const wrong: string[] = [];
  machine.deployment.start();
  for (let night = 0; night < NIGHTS; night += 1) {
    await machine.wait(EPOCH_MS + night * DAY_MS + HOUR_MS - timeline.nowMs);
    const changed = night === 0 ? [] : edit(rows, night);
    const pipeline = parsePipeline(
      JSON.stringify({
        name: 'month',
        provider: provider.name,
        table: { ...table, keep: true },
        refresh: {
          columns: Object.fromEntries([...ages].map(([key, days]) => [key, `${days}d`])),
        },
        rows: { inline: rows, key: 'Symbol', map: provider.map },
        run: { failedPasses: 2, tolerateFailed: '2%', stallAfter: '30m', deadline: '6h' },
        results: [{ to: 'out/results.jsonl' }],
      }),
      { file: join(folder, 'pipeline.json'), baseDir: folder },
    ).pipeline;
    oracle.before(changed, configs, false);
    const paidBefore = api.backstage.ledger.summary().cellsPaid;
    const run = await machine.start({ pipeline, approved: true });
    await timeline.run(() => run.end !== null, timeline.nowMs + 12 * HOUR_MS);
    const { end } = run;
    // The workflow type gives back a RunSummary.
    const outcome =
      end?.how === 'completed' ? (fromPayload(end.result) as RunSummary).outcome : end?.how;
    if (outcome !== 'completed') wrong.push(`night ${night + 1} ended ${String(outcome)}`);
    wrong.push(...oracle.after({ full: false, ages, nowMs: timeline.nowMs }));
    credits.push(api.backstage.ledger.summary().cellsPaid - paidBefore);
  }
  return { provider: provider.name, rows: ROWS, credits, undue: oracle.undue, wrong };
}

for (const { name } of values.provider?.map(caseOf) ?? CASES) {
  const script = {
    provider: name,
    sandbox: {
      seed: 1,
      failRate: 0.04,
      alwaysFailsRate: 0.004,
      statusLagMs: 300,
      concurrency: 50,
      cellMs: { min: 10_000, max: 60_000 },
    },
    faults: {},
  };
  const played = await inSimulation(script, (setup) => play(caseOf(name), setup));
  process.stdout.write(`${JSON.stringify(played)}\n`);
}
