import type { LastKnown, LiveProgress } from '../../client/runs/lookup/live-progress.ts';

/** State of a run in progress to display. */
export interface ViewState {
  workflowId: string;
  /** Newest known progress; `null` before the first. */
  progress: LiveProgress | null;
  /** Last heartbeat, if no worker has answered yet. */
  lastKnown?: LastKnown | null;
  /** Problem that keeps newer progress away: no worker, no server. */
  warning: string | null;
  /** Page of the run in the Temporal UI. */
  ui: string | null;
  nowMs: number;
}

/** Shows updates on stderr until it ends. */
export interface ProgressView {
  show(state: ViewState): void;
  /** Removes the redrawn lines before other output follows. */
  end(): void;
  /** Time between two updates, in ms. */
  intervalMs: number;
}
