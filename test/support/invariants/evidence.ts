import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { RequestCounts, Sandbox, Expected } from '../../../sandbox/index.ts';
import { RUN_FILE } from '../../../src/contract/names.ts';
import type { Pipeline } from '../../../src/contract/pipeline.ts';
import type { QuarantineLine, ResultRow } from '../../../src/contract/results.ts';
import type { RunSummary } from '../../../src/contract/run.ts';
import { finishedSteps, type FinishedSteps } from './finished-steps.ts';
import type { TestEnv } from '../test-env.ts';
import { caseOf } from '../providers/cases.ts';
import type { CheckedColumn, LiveTable, WantedRow } from '../providers/provider-case.ts';
import { TOKEN } from '../token.ts';

export type { LiveTable, WantedRow };

export interface PublishedText {
  path: string;
  bytes: Buffer;
}

/** A run that has ended, seen from outside: the sandbox, the files, Temporal. */
export interface Evidence {
  pipeline: Pipeline;
  columns: CheckedColumn[];
  wanted: WantedRow[];
  /** `null` when the run failed; then `failure` says how. */
  summary: RunSummary | null;
  failure: { type: string; message: string } | null;
  startedAtMs: number;
  endedAtMs: number;
  /** Time of the request to cancel it; `null`: there was none, or it is not known. */
  cancelledAtMs: number | null;
  /** A run may end so much after its deadline, or after it was cancelled. */
  graceMs: number;
  finished: FinishedSteps;
  /** Tables of the sandbox, which serves this run only; child tables aside. */
  tables: LiveTable[];
  cellsPaid: number;
  creditsSpent: number;
  /** Others have taken credits off the account, or put some on it. */
  balanceDisturbed: boolean;
  /** The credits are gone, and the provider never answered how many are left. */
  ranDry: boolean;
  /** Number of rows of the table that the API may have refused to show. */
  rowsUnreadable: number;
  /** Number of rows of the list that it takes into no table. */
  rowsRefused: number;
  /** Deadline after the start; an operator may change it. */
  deadlineMs: number;
  /** Passes that operators requested beside those of the pipeline. */
  passesAsked: number;
  truth: (row: WantedRow, column: string) => Expected;
  published: PublishedText[];
  results: ResultRow[];
  quarantine: QuarantineLine[];
  manifest: Partial<RunSummary> & { reason?: string | null };
  /** The run that this one continues, as it ended; `null`: it is not a rerun. */
  earlier: Evidence | null;
  token: string;
  /** Every text that others may read, by where it is. */
  texts: Map<string, string>;
}

/** Returns whether a run was cut short, whose late results cannot be complete. */
export const wasCutShort = ({ summary, manifest }: Evidence): boolean =>
  summary === null ||
  summary.outcome === 'cancelled' ||
  summary.ceiling !== undefined ||
  (manifest.reason ?? '').includes('deadline');

/** Returns whether the run, or one that it reruns, knows that its rows are in the table. */
export const hasLoaded = ({ finished, earlier }: Evidence): boolean =>
  finished.has('loadRows') || (earlier !== null && hasLoaded(earlier));

/** Keys of the rows that the results give up as unreadable. */
export const unreadableKeys = (evidence: Evidence): ReadonlySet<string> =>
  keysGivenUp(evidence, 'the row cannot be read');

/** Keys of the rows that the API has never taken. A run that ended early repeats no row of the one before. */
export function refusedKeys(evidence: Evidence): ReadonlySet<string> {
  const { earlier, finished } = evidence;
  const own = keysGivenUp(evidence, 'the API refused the row');
  return own.size > 0 || earlier === null || finished.has('collectResults')
    ? own
    : refusedKeys(earlier);
}

const keysGivenUp = ({ quarantine }: Evidence, why: string): ReadonlySet<string> =>
  new Set(quarantine.filter(({ reason }) => reason.startsWith(why)).map(({ key }) => key));

export interface RunOver {
  workflowId: string;
  pipeline: Pipeline;
  wanted: WantedRow[];
  /** Evidence of the run that it reruns. */
  earlier?: Evidence;
  /** Result of the run, or the error it ended with. */
  ended: RunSummary | Error;
}

/** Sandbox, files and Temporal history of a run. */
export interface Scene {
  sandbox: Pick<Sandbox, 'ledger' | 'state' | 'truth'>;
  folder: string;
  /** The store's folder, where it is elsewhere. */
  storeFolder?: string;
  /** Everything that Temporal has received. */
  history: unknown;
  finished: FinishedSteps;
  startedAtMs: number;
  endedAtMs: number;
  /** A run may end so much after its deadline. */
  graceMs: number;
}

/** Beside the deadline a run has its time to publish; a loaded machine needs some. */
const GRACE_MS = 30_000;

/** Collects what there is to know about a run that is over. */
export async function gather(
  testEnv: Pick<TestEnv, 'client'> & Pick<Scene, 'folder' | 'storeFolder' | 'sandbox'>,
  run: RunOver,
): Promise<Evidence> {
  const handle = testEnv.client.workflow.getHandle(run.workflowId);
  const [description, history] = await Promise.all([handle.describe(), handle.fetchHistory()]);
  const { sandbox, folder, storeFolder = folder } = testEnv;
  const startedAtMs = description.startTime.getTime();
  const endedAtMs = description.closeTime?.getTime() ?? Infinity;
  const finished = finishedSteps(history);
  const times = { startedAtMs, endedAtMs, graceMs: GRACE_MS };
  return evidenceOf({ sandbox, folder, storeFolder, history, finished, ...times }, run);
}

export async function evidenceOf(scene: Scene, run: RunOver): Promise<Evidence> {
  const { sandbox, finished, startedAtMs, endedAtMs, graceMs } = scene;
  const { pipeline, wanted, ended } = run;
  const summary = ended instanceof Error ? null : ended;
  const folders = new Set([scene.folder, scene.storeFolder ?? scene.folder]);
  const texts = new Map(
    (await Promise.all([...folders].map(textsUnder))).flatMap((one) => [...one]),
  );
  texts.set('history', plainText(scene.history));
  texts.set('ended', plainText(ended));
  const published: PublishedText[] = [];
  for (const { path } of summary?.results ?? []) {
    published.push({ path, bytes: await readFile(path) });
  }
  const jsonl = published.find(({ path }) => path.endsWith('.jsonl'));
  const totals = sandbox.ledger.summary();
  const provider = caseOf(pipeline.provider);
  return {
    pipeline,
    columns: provider.columnsOf(pipeline),
    wanted,
    summary,
    failure: ended instanceof Error ? failureOf(ended) : null,
    startedAtMs,
    endedAtMs,
    cancelledAtMs: null,
    graceMs,
    finished,
    tables: provider.tablesIn(sandbox),
    cellsPaid: totals.cellsPaid,
    creditsSpent: totals.creditsSpent,
    balanceDisturbed: sandbox.state.creditsTaken.size > 0,
    ranDry:
      sandbox.state.creditsTaken.size > 0 &&
      (!answered(totals.requests.byRoute, provider.balance) || mayNotReadBalance(summary)),
    rowsUnreadable: 0,
    rowsRefused: 0,
    deadlineMs: pipeline.run.deadlineMs,
    passesAsked: 0,
    truth: (row, column) => provider.truth(sandbox, pipeline, row, column),
    published,
    results: jsonl === undefined ? [] : linesOf<ResultRow>(jsonl.bytes.toString('utf8')),
    quarantine:
      summary?.quarantine == null
        ? []
        : linesOf<QuarantineLine>(await readFile(summary.quarantine.path, 'utf8')),
    manifest: summary === null ? {} : await manifestOf(summary, texts),
    earlier: run.earlier ?? null,
    token: TOKEN,
    texts,
  };
}

const answered = (requests: RequestCounts, route: string | null): boolean =>
  route !== null && (requests[route]?.['200'] ?? 0) > 0;

/** The ledger counts a reply as sent when the connection breaks instead of a refusal. */
const mayNotReadBalance = (summary: RunSummary | null): boolean =>
  / answered 40[13]: /.test(summary?.balanceProblem ?? '');

/** Beside the results; of a run that read nothing, in its folder in the store only. */
async function manifestOf(
  { manifest, runId }: RunSummary,
  texts: ReadonlyMap<string, string>,
): Promise<Evidence['manifest']> {
  // Written by publishResults in this shape; what it says is what is judged.
  const parse = (text: string) => JSON.parse(text) as Evidence['manifest'];
  if (manifest !== null) return parse(await readFile(manifest, 'utf8'));
  const kept = [...texts].filter(([path]) => basename(path) === RUN_FILE.manifest);
  return kept.map(([, text]) => parse(text)).find((one) => one.runId === runId) ?? {};
}

// The lines are judged field by field afterwards.
const linesOf = <T>(text: string): T[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);

function failureOf(error: Error): { type: string; message: string } {
  const { cause } = error;
  const inner = cause instanceof Error ? cause : error;
  const type = 'type' in inner && typeof inner.type === 'string' ? inner.type : inner.name;
  return { type, message: inner.message };
}

async function textsUnder(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = new Map<string, string>();
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    texts.set(path, await readFile(path, 'latin1'));
  }
  return texts;
}

/** Everything in a value as one text: payloads are bytes, errors hide their causes. */
export function plainText(value: unknown, seen = new Set<unknown>()): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return String(value);
  if (seen.has(value)) return '';
  seen.add(value);
  const keys = value instanceof Error ? Object.getOwnPropertyNames(value) : Object.keys(value);
  const fields = new Map<string, unknown>(keys.map((key) => [key, Reflect.get(value, key)]));
  return [...fields].map(([key, one]) => `${key}: ${plainText(one, seen)}`).join('\n');
}
