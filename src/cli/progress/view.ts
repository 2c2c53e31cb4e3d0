import type { LastKnown, LiveProgress } from '../../client/runs/live-progress.ts';

/** What people are shown of a run under way. */
export interface ViewState {
  workflowId: string;
  /** The newest that is known; `null` before anything is. */
  progress: LiveProgress | null;
  /** Where nothing is known by a worker: what the last one had sent to the server. */
  lastKnown?: LastKnown | null;
  /** What keeps us from knowing more: no worker, no server. */
  warning: string | null;
  /** Its page in the Temporal UI. */
  ui: string | null;
  nowMs: number;
}

/** Shows standings on stderr until it ends. */
export interface ProgressView {
  show(standing: ViewState): void;
  /** Takes away what is redrawn in place: what follows says more. */
  end(): void;
  /** How often a new standing is wanted. */
  intervalMs: number;
}
