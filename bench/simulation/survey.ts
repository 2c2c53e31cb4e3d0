import { timelineOf, type Alone } from './pass-timeline.ts';
import { shapeOf, type Family, type RunShape } from './shape.ts';
import { watchByRules, watchFixed, type Waited } from './watchers.ts';

/** One simulated pass, waited for by the rules and by a fixed 5 s poller. */
export interface Watched {
  shape: RunShape;
  /** Times at which the pass could have ended. */
  alone: readonly Alone[];
  /** The API's own time: until the last cell ended. */
  idleAtMs: number;
  rules: Waited;
  fixed: Waited;
}

/** Passes of these families; the same seeds give the same passes. */
export function survey(families: readonly Family[], seedsPerFamily: number): Watched[] {
  return families.flatMap((family) =>
    Array.from({ length: seedsPerFamily }, (_, at) => watchBoth(shapeOf(family, at + 1))),
  );
}

export function watchBoth(shape: RunShape): Watched {
  const timeline = timelineOf(shape);
  return {
    shape,
    alone: timeline.alone,
    idleAtMs: timeline.idleAtMs,
    rules: watchByRules(timeline),
    fixed: watchFixed(timeline),
  };
}
