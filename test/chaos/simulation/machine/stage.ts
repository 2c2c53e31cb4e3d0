import { AsyncLocalStorage } from 'node:async_hooks';
import type { Timeline } from '../virtual-time.ts';
import type { Transmission } from './network.ts';
import { WorkerProcess } from './worker-process.ts';

/** Parts of a simulated machine; there is one at a time. */
export interface Stage {
  timeline: Timeline;
  /** Answers a request that has arrived. */
  network: (request: Arrived) => Promise<Transmission>;
  disk: DiskState;
}

/** `full`: what is there can be read, renamed and removed; `read-only`: it can be read. */
export type DiskState = 'fine' | 'full' | 'read-only';

export interface Arrived {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

let current: Stage | null = null;

/** The machine that is simulated right now; `null`: this is the real one. */
export const stage = (): Stage | null => current;

/** Plays on a stage: everything that happens meanwhile happens there. */
export async function onStage<T>(made: Stage, play: () => Promise<T>): Promise<T> {
  if (current !== null) throw new Error('one simulation at a time');
  current = made;
  try {
    return await play();
  } finally {
    current = null;
  }
}

/** A step that a worker runs, as the server sees it. */
export interface CurrentStep {
  /** Something that others can see changes by it. */
  change: (what: string) => void;
}

/** The step on whose behalf something happens. */
export const currentStep = new AsyncLocalStorage<CurrentStep>();

/** The worker whose turn it is; `null`: the sandbox, the test, or the real machine. */
export function actingProcess(): WorkerProcess | null {
  const actor = current?.timeline.actor;
  return actor instanceof WorkerProcess ? actor : null;
}

/** Returns a promise that never settles, for steps of a killed process. */
export const never = <T>(): Promise<T> => new Promise(() => undefined);
