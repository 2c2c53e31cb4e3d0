import { join } from 'node:path';
import { createActivities, createPollActivities } from '../../../activities/index.ts';
import { WORKFLOW_TYPE } from '../../../src/contract/names.ts';
import type { EnrichTableInput } from '../../../src/contract/run.ts';
import { createProviders } from '../../../src/providers/registry.ts';
import { createFileStore } from '../../../src/store/disk/file-store.ts';
import { allEnv } from '../../support/providers/cases.ts';
import type { FaultSchedule } from '../simulation/fault-schedule.ts';
import { NOWHERE, TASK_QUEUE, throttleMs, type Setup } from '../simulation/machine/setup.ts';
import { Cluster } from '../simulation/temporal/cluster.ts';
import { Deployment, named } from '../simulation/temporal/deployment.ts';
import { toPayload } from '../simulation/temporal/proto.ts';
import type { TemporalServer } from '../simulation/temporal/server.ts';

interface MachineOptions {
  fate: FaultSchedule;
  continueAsNewAfterEvents: number | null;
  note: (what: string) => void;
}

/** Workers and a Temporal server on the clock of a simulation, for one night after the other. */
export class Machine {
  readonly #setup: Setup;
  readonly deployment: Deployment;
  readonly cluster: Cluster;

  constructor(setup: Setup, { fate, continueAsNewAfterEvents, note }: MachineOptions) {
    const { timeline, folder, workflows } = setup;
    this.#setup = setup;
    this.deployment = new Deployment(timeline, ({ clock: { now } }) => {
      const deps = {
        providers: createProviders({ ...allEnv(NOWHERE), ROWMILL_REQUESTS_PER_SECOND: '100' }),
        store: createFileStore(join(folder, 'store')),
        searchAttributes: true,
        now,
      };
      return named({ ...createActivities(deps), ...createPollActivities(deps) });
    });
    this.cluster = new Cluster({
      timeline,
      deployment: this.deployment,
      code: workflows,
      workflowType: WORKFLOW_TYPE,
      taskQueue: TASK_QUEUE,
      throttleMs,
      continueAsNewAfterEvents,
      faultFor: (what, run) => fate.apply(what, run),
      note,
      leave: () => Promise.resolve(),
    });
  }

  /** Starts the next night under an id of its own. */
  start(input: EnrichTableInput): Promise<TemporalServer> {
    return this.cluster.start(`night-${this.cluster.runs.length + 1}`, toPayload(input));
  }

  async wait(ms: number): Promise<void> {
    const { timeline } = this.#setup;
    let isOver = false;
    timeline.in(ms, () => (isOver = true), null);
    await timeline.run(() => isOver, timeline.nowMs + ms);
  }
}
