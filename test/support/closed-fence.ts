import { RowmillError } from '../../src/errors.ts';
import { withinFence, type Fence } from '../../src/fence.ts';

const CLOSED: Fence = {
  isOpen: () => false,
  change: () => Promise.reject(new RowmillError('step_taken_over', 'not confirmed')),
};

/** Runs what a step does that another worker has taken over. */
export const takenOver = <T>(step: () => Promise<T>): Promise<T> => withinFence(CLOSED, step);
