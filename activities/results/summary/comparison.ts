import { z } from 'zod';
import { RUN_FILE } from '../../../src/contract/names.ts';
import type { Pipeline } from '../../../src/contract/pipeline.ts';
import type { ChangeCounts, ScanResult } from '../../../src/contract/results.ts';
import { RowmillError } from '../../../src/errors.ts';
import { changeRules } from '../../../src/rules/answers/changes.ts';
import type { StagedResults } from '../../../src/sinks/staged-results.ts';
import { STORED_FORMAT, typePolicyOf } from '../../../src/sinks/index.ts';
import type { TargetState } from '../../../src/sinks/files/target-state.ts';
import { filesAt } from '../../../src/sinks/files/files-at.ts';
import type { Folder, RunKey, Store } from '../../../src/store/store.ts';
import { writeChanges, type Publication } from './changes.ts';

/** Comparison of the results with the last publication at a target. */
export interface Compared {
  /** Run that published before; `null`: none did. */
  base: RunKey | null;
  /** File with the changes in the run's folder; `null` where nothing could be compared. */
  file: string | null;
  counts: ChangeCounts | null;
  /** Reason that nothing could be compared. */
  problem: string | null;
}

const runKey = z.object({ workflowId: z.string(), firstRunId: z.string() });
const count = z.number();

const recordShape = z.object({
  /** Results that were compared: those of one scan of one execution. */
  of: z.string(),
  at: z.string(),
  /** Previous content of each target. */
  bases: z.array(z.object({ to: z.string(), base: runKey.nullable() })),
  done: z.array(
    z.object({
      base: runKey.nullable(),
      file: z.string().nullable(),
      counts: z.object({ new: count, changed: count, vanished: count, lost: count }).nullable(),
      problem: z.string().nullable(),
    }) satisfies z.ZodType<Compared>,
  ),
});
type ComparisonRecord = z.infer<typeof recordShape>;

const RECORD = 'compared.json';

/** Results that are about to be published. */
export interface NewResults {
  run: RunKey;
  runId: string;
  pipeline: Pick<Pipeline, 'name' | 'changes'>;
  lastScan: ScanResult | null;
}

export interface ComparisonPlace {
  store: Store;
  folder: Folder;
  /** Keys of the answer columns. */
  columns: string[];
  nowMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Compares the results with what each target has. A record in the run's folder keeps what they were
 * compared with, so that a repeated publication has the same changes, and not none.
 */
export class Comparison {
  readonly #place: ComparisonPlace;
  readonly #input: NewResults;
  #record: ComparisonRecord | null = null;

  constructor(place: ComparisonPlace, input: NewResults) {
    this.#place = place;
    this.#input = input;
  }

  /**
   * Compares with what a target has, or returns the comparison that was made of both before. Throws
   * the store's errors, or the reason of the signal.
   */
  async at(staged: StagedResults, existing: TargetState | null): Promise<Compared> {
    const { to } = staged.target;
    const record = await this.#read();
    const base = this.#baseOf(existing, record.bases.find((one) => one.to === to)?.base);
    if (base === undefined) return nothing(null, 'what these results replaced is not known');
    const known = record.done.find((one) => isSame(one.base, base));
    const found = known ?? (await this.#compare(staged, existing, base));
    if (known === undefined) record.done.push(found);
    record.bases = [...record.bases.filter((one) => one.to !== to), { to, base }];
    await this.#place.folder.writeJson(RECORD, record);
    return found;
  }

  /** Makes one of the comparisons that of the whole run: `changes.jsonl` in its folder. */
  async publish({ file }: Compared): Promise<void> {
    const { folder } = this.#place;
    if (file === RUN_FILE.changes) return;
    if (file === null) return folder.remove(RUN_FILE.changes);
    const draft = await folder.create(RUN_FILE.changes);
    try {
      for await (const line of folder.lines(file)) await draft.line(line);
      await draft.commit();
    } finally {
      await draft.discard();
    }
  }

  /** Returns the run that published before; `undefined` if that is not known any more. */
  #baseOf(existing: TargetState | null, recorded: RunKey | null | undefined) {
    if (existing?.pipeline !== this.#input.pipeline.name) return null;
    if (!isSame(existing.run, this.#input.run)) return existing.run;
    // An earlier attempt, or an execution that was reset, has published already.
    return recorded;
  }

  async #compare(
    staged: StagedResults,
    existing: TargetState | null,
    base: RunKey | null,
  ): Promise<Compared> {
    const { folder, columns, signal } = this.#place;
    const record = await this.#read();
    const before = base === null ? null : await this.#publicationOf(base, staged, existing);
    if (before === undefined) {
      return nothing(base, `the results of run ${base?.workflowId ?? ''} are not in the store`);
    }
    const others = record.done.length;
    const file = others === 0 ? RUN_FILE.changes : `changes-${others}.jsonl`;
    try {
      const after = await stored(folder);
      const rules = changeRules(columns, this.#input.pipeline.changes);
      const changes = { before, after, rules, at: record.at, signal };
      return { base, file, counts: await writeChanges(folder, file, changes), problem: null };
    } catch (error) {
      if (!(error instanceof RowmillError) || error.code !== 'store_unreadable') throw error;
      return nothing(base, error.what);
    }
  }

  /** Finds the results that a run has published: in the store, else at the target. */
  async #publicationOf(
    base: RunKey,
    { target, place }: StagedResults,
    existing: TargetState | null,
  ): Promise<Publication | undefined> {
    const from = base.firstRunId === '' ? null : this.#place.store.run(base);
    if (from !== null && (await from.exists(RUN_FILE.results))) return stored(from);
    // A file of typed answers lacks the invalid ones.
    const isStored = target.format === STORED_FORMAT && typePolicyOf(target) === 'off';
    if (existing?.results == null || !isStored) return;
    return { lines: () => filesAt(place.results).lines(place.results), bytes: existing.bytes };
  }

  async #read(): Promise<ComparisonRecord> {
    if (this.#record !== null) return this.#record;
    const { folder, nowMs } = this.#place;
    const { runId, lastScan } = this.#input;
    const of = `${runId} ${lastScan?.scan ?? 0}`;
    const read = (await folder.exists(RECORD)) ? await folder.readJson(RECORD) : null;
    const before = recordShape.safeParse(read).data;
    this.#record =
      before?.of === of
        ? before
        : { of, at: new Date(nowMs).toISOString(), bases: before?.bases ?? [], done: [] };
    return this.#record;
  }
}

const nothing = (base: RunKey | null, problem: string): Compared => ({
  base,
  file: null,
  counts: null,
  problem,
});

const stored = async (folder: Folder): Promise<Publication> => ({
  lines: () => folder.lines(RUN_FILE.results),
  bytes: (await folder.size(RUN_FILE.results)) ?? 0,
});

const isSame = (a: RunKey | null | undefined, b: RunKey | null): boolean =>
  a?.workflowId === b?.workflowId && a?.firstRunId === b?.firstRunId;
