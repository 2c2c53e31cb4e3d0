import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createActivities, createPollActivities } from '../../../../activities/index.ts';
import { createProviders } from '../../../../src/providers/registry.ts';
import { createFileStore } from '../../../../src/store/disk/file-store.ts';
import { caseOf } from '../../../support/providers/cases.ts';
import { TOKEN } from '../../../support/token.ts';
import type { ChaosScript } from '../script.ts';
import { openApi, type SimulatedApi } from '../simulated-api.ts';
import { named } from '../temporal/deployment.ts';
import { WorkflowCode } from '../temporal/workflow-code.ts';
import { Timeline } from '../virtual-time.ts';
import { closeLeftOpen, installDisk } from './disk.ts';
import { installNetwork } from './network.ts';
import { onStage, type Stage } from './stage.ts';
import { installTime } from './time.ts';

export const EPOCH_MS = Date.UTC(2026, 0, 5);
/** Address at which the simulated network begins. */
export const NOWHERE = 'http://127.0.0.1:9';
export const TASK_QUEUE = 'rowmill';
/** Returns the throttle of heartbeats, as the worker sets it (`HEARTBEAT_THROTTLE`). */
export const throttleMs = (taskQueue: string): number => (taskQueue === TASK_QUEUE ? 5_000 : 2_000);

installTime();
installDisk();
installNetwork();

let code: Promise<WorkflowCode> | null = null;

/** Loads the code once for every script: the names of the activities are all that it must know. */
function loadCode(): Promise<WorkflowCode> {
  const deps = {
    providers: createProviders({}),
    store: createFileStore(tmpdir()),
    searchAttributes: true,
  };
  return (code ??= WorkflowCode.load(
    named({ ...createActivities(deps), ...createPollActivities(deps) }),
  ));
}

/** A machine of its own for one script: its time, its API, its disk. */
export interface Setup {
  timeline: Timeline;
  api: SimulatedApi;
  folder: string;
  workflows: WorkflowCode;
}

export async function inSimulation<T>(
  script: Pick<ChaosScript, 'provider' | 'sandbox' | 'api' | 'faults'>,
  play: (setup: Setup) => Promise<T>,
): Promise<T> {
  const workflows = await loadCode();
  const folder = mkdtempSync(join(tmpdir(), 'rowmill-chaos-'));
  const timeline = new Timeline(EPOCH_MS);
  let api: SimulatedApi | null = null;
  const stage: Stage = {
    timeline,
    disk: 'fine',
    network: (request) => {
      if (api === null) throw new Error('not yet');
      return api.network(request);
    },
  };
  try {
    return await onStage(stage, async () => {
      const { eager } = caseOf(script.provider);
      const opened = await openApi({
        token: TOKEN,
        facts: [],
        ...eager,
        ...script.sandbox,
        promptLayer: { ...eager.promptLayer, ...script.api },
        faults: script.faults,
        realMs: () => timeline.nowMs - EPOCH_MS,
      });
      api = opened;
      try {
        return await play({ timeline, api: opened, folder, workflows });
      } finally {
        await opened.close();
      }
    });
  } finally {
    closeLeftOpen();
    rmSync(folder, { recursive: true, force: true });
  }
}
