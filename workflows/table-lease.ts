import { condition, getExternalWorkflowHandle, setHandler, sleep } from '@temporalio/workflow';
import {
  contendSignal,
  isSameRun,
  leaseCheckSignal,
  leaseFreeSignal,
  releaseSignal,
  type LeaseInput,
  type LeaseRun,
} from './lease-signals.ts';

/** Maximum runs that are signalled at the end; others try again by themselves. */
const MAX_WAITING = 20;

/** The lease of a lasting table (lease.ts): one run has it while this workflow is open. */
export async function tableLease({ holder, quietMs }: LeaseInput): Promise<void> {
  const waiting = new Set<string>();
  const seen = { released: false, holderGone: false, contended: false };
  setHandler(releaseSignal, (by) => {
    seen.released ||= isSameRun(by, holder);
  });
  setHandler(contendSignal, ({ workflowId }) => {
    if (waiting.size < MAX_WAITING) waiting.add(workflowId);
    // Of one workflow id only one run is open, and the holder does not contend for its own lease.
    seen.holderGone ||= workflowId === holder.workflowId;
    seen.contended = true;
  });
  for (;;) {
    await condition(() => seen.released || seen.contended);
    if (seen.released) break;
    seen.contended = false;
    if (!seen.holderGone && (await isOpen(holder))) continue;
    // Steps of a terminated run may still be sending, until they hear of its end.
    await sleep(quietMs);
    break;
  }
  for (const workflowId of waiting) await signalled(workflowId, leaseFreeSignal.name);
}

const isOpen = ({ workflowId }: LeaseRun): Promise<boolean> =>
  signalled(workflowId, leaseCheckSignal.name);

/** `false`: there is no open workflow of that id. */
async function signalled(workflowId: string, signal: string): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(signal);
    return true;
  } catch {
    return false;
  }
}
