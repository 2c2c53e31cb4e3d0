import { courseOf } from './course.ts';
import { shapeOf, type Family, type RunShape } from './shape.ts';
import { watchByRules, watchFixed, type Waited } from './watchers.ts';

/** One simulated pass, waited for by the rules and by a fixed 5 s poller. */
export interface Watched {
  shape: RunShape;
  /** The API's own time: until the last cell ended. */
  idleAtMs: number;
  rules: Waited;
  fixed: Waited;
}

const FAMILIES: readonly Family[] = ['research', 'quick', 'rerun'];

/** Passes of all shapes; the same seeds give the same passes. */
export function survey(seedsPerFamily: number): Watched[] {
  return FAMILIES.flatMap((family) =>
    Array.from({ length: seedsPerFamily }, (_, at) => watchBoth(shapeOf(family, at + 1))),
  );
}

export function watchBoth(shape: RunShape): Watched {
  const course = courseOf(shape);
  return {
    shape,
    idleAtMs: course.idleAtMs,
    rules: watchByRules(course),
    fixed: watchFixed(course),
  };
}
