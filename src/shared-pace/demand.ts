import type { Load } from '../http/share.ts';

/** Per mille that says: requests wait for the pace. */
const ALL = 1_000;
/** Demands are said in eighths: a claim does not change with every request. */
const STEP = ALL / 8;
/** A worker needs room above what it sent. */
const ROOM = 2;
/** The highest of the last readings counts: between two pages nothing waits. */
const READINGS = 5;

export interface Demand {
  /** Part of the token's pace that can be used, per mille. */
  readonly wants: number;
  readonly latest: Load;
  /** Takes in the load since the last reading, at a pace of the token in requests a second. */
  add(load: Load, perSecond: number): void;
}

/** Creates the demand of a worker; until the first reading it wants everything. */
export function createDemand(nowMs: () => number = () => performance.now()): Demand {
  let wants: number[] = [];
  let latest: Load = { sent: 0, held: true, pausedMs: 0 };
  let atMs = nowMs();
  return {
    get wants() {
      return wants.length === 0 ? ALL : Math.max(...wants);
    },
    get latest() {
      return latest;
    },
    add(load, perSecond) {
      const seconds = Math.max(0.5, (nowMs() - atMs) / 1_000);
      const part = (ROOM * load.sent) / seconds / perSecond;
      const steps = Math.ceil((part * ALL) / STEP);
      wants = [load.held ? ALL : Math.min(ALL, steps * STEP), ...wants].slice(0, READINGS);
      latest = load;
      atMs = nowMs();
    },
  };
}
