import { follow as standings, type FollowOptions } from '../client/follow.ts';
import type { RunSummary } from '../contract/run.ts';
import { printable } from './printable.ts';
import type { ProgressView } from './progress/index.ts';

export interface ShownFollowOptions extends Omit<FollowOptions, 'everyMs'> {
  ui: string | null;
  view: ProgressView;
}

/**
 * Shows the run until it ends, through restarts of worker and server alike. `null` when the signal
 * came first.
 * @throws RowmillError with the code the run failed with, or `run_not_found`
 */
export async function follow(options: ShownFollowOptions): Promise<RunSummary | null> {
  const { workflowId, ui, view } = options;
  const looks = standings({ ...options, everyMs: view.everyMs });
  try {
    for (;;) {
      const look = await looks.next();
      if (look.done === true) return look.value;
      const { progress, lastKnown, trouble } = look.value;
      const told = trouble === null ? null : printable(trouble);
      view.show({ workflowId, progress, lastKnown, trouble: told, ui, nowMs: Date.now() });
    }
  } finally {
    view.end();
  }
}
