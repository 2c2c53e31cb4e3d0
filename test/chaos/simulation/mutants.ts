import type { ActivityDeps } from '../../../activities/runtime/deps.ts';
import { createActivities, createPollActivities } from '../../../activities/index.ts';
import { ROW_IDS_FILE } from '../../../activities/run-files/row-ids.ts';
import type { LoadRowsInput } from '../../../activities/load-rows.ts';
import { checkTableRows } from '../../../activities/table/reconcile-rows.ts';
import { snapshotRows } from '../../../activities/run-files/snapshot.ts';
import { rowIndexes } from '../../../activities/table/row-names.ts';
import type { StartedPass, StartPassInput } from '../../../activities/start-pass.ts';
import { runActivity } from '../../../activities/runtime/activity.ts';
import type { SnapshotRow } from '../../../src/contract/rows.ts';
import { RowmillError } from '../../../src/errors.ts';
import { startTracking } from '../../../src/rules/passes/tracking.ts';
import { named, type ActivityFunction } from './temporal/deployment.ts';

/** Activities that take the place of the real ones. */
export type Mutant = (deps: ActivityDeps) => Record<string, ActivityFunction>;

/**
 * Rules broken on purpose: a search that finds nothing must be shown to be able to find something.
 * Each is what one would write without thinking of lost replies.
 */
export const MUTANTS: Record<string, Mutant> = {
  /** Starts the run again whenever it is not sure, without reading the table. */
  'repeats-paid-runs': (deps) => ({
    startPass: (given) =>
      runActivity(deps, async (step) => {
        // What the workflow gives to `startPass`.
        const { provider, table, mode, rows } = given as StartPassInput;
        const rowIds = rowIndexes(table, rows);
        const columnIds = table.columns.filter(({ input }) => !input).map(({ id }) => id);
        const all = { mode, columnIds, maxCells: Number.MAX_SAFE_INTEGER };
        const scope = rowIds.length === 0 ? all : { ...all, rowIds };
        const send = () => deps.providers.get(provider).startTableRun(table, scope, step.ctx);
        const tableRun = await send().catch((error: unknown) => {
          if (error instanceof RowmillError && error.ambiguous) return send();
          throw error;
        });
        const { requestedCells } = tableRun;
        const tracking = startTracking(
          { doneAtStart: 0, requestedCells, requireProgress: false },
          Date.now(),
        );
        const none = { confirmed: { requests: 0, cells: 0 }, asked: {} };
        return {
          drifted: false,
          tableRun,
          tracking,
          calls: step.calls,
          ...none,
        } satisfies StartedPass;
      }),
  }),

  /** Asks for every cell that is due, whatever the ceiling leaves. */
  'ignores-the-ceiling': (deps) => {
    const { startPass } = named(createActivities(deps));
    return {
      startPass: (given) => {
        // What the workflow gives to `startPass`.
        const { limits: _limits, ...pass } = given as StartPassInput;
        return startPass?.(pass) ?? Promise.reject(new Error('there is no such step'));
      },
    };
  },

  /** Begins with the first row again, whatever the table holds already. */
  'repeats-rows': (deps) => ({
    loadRows: (given) =>
      runActivity(deps, async (step) => {
        // What the workflow gives to `loadRows`.
        const { run, provider: name, table, snapshot } = given as LoadRowsInput;
        const provider = deps.providers.get(name);
        const rows: SnapshotRow[] = [];
        for await (const row of snapshotRows(deps.store.run(run))) rows.push(row);
        const size = provider.limits.rowsPerAdd;
        for (let at = 0; at < rows.length; at += size) {
          await provider.addRows(table, rows.slice(at, at + size), step.ctx);
        }
        // One row of each key is run, or the run would go round and round.
        const { present } = await checkTableRows(provider, table, deps.store.run(run), step);
        const draft = await deps.store.run(run).create(ROW_IDS_FILE);
        for (const [key, id] of present) await draft.line(JSON.stringify({ key, id }));
        await draft.commit();
        return { rows: snapshot.rows, mayHaveDuplicates: true, calls: step.calls };
      }),
  }),

  /** Reruns a run that has ended as if nothing were done. */
  'reruns-what-is-done': (deps) => ({
    startPass: (given) => {
      // What the workflow gives to `startPass`.
      const input = given as StartPassInput;
      const again = input.run.workflowId.includes('-rerun-');
      return createActivities(deps).startPass(again ? { ...input, mode: 'all' } : input);
    },
  }),

  /** Changes what it likes, whether or not the server still counts on this attempt. */
  'changes-without-a-fence': ({ confirmAttempt: _confirm, ...deps }) =>
    named({ ...createActivities(deps), ...createPollActivities(deps) }),

  /** Takes the time from the clock of its machine. */
  'trusts-its-clock': (deps) => {
    const believing = { ...deps, now: Date.now };
    return named({ ...createActivities(believing), ...createPollActivities(believing) });
  },
};
