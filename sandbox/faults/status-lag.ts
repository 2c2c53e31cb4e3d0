import type { Outgoing } from '../http/intercept.ts';
import type { JsonObject } from '../json.ts';
import { changed, isObject } from './bodies.ts';
import type { ShownStatus } from './adapter.ts';
import type { RequestRule } from './script.ts';

type LagRule = Extract<RequestRule, { fault: 'status-lag' }>;

interface Reading {
  atMs: number;
  status: JsonObject;
}

/** Readings of one status that are kept; the oldest go first. */
const MAX_READINGS = 1_000;

/** What each status was, as far as requests came by to notice. */
export class StatusPast {
  readonly #readings = new Map<string, Reading[]>();

  note(statuses: ReadonlyMap<string, JsonObject>, atMs: number): void {
    for (const [id, status] of statuses) {
      const readings = this.#readings.get(id) ?? [];
      readings.push({ atMs, status });
      if (readings.length > MAX_READINGS) readings.shift();
      this.#readings.set(id, readings);
    }
  }

  /** The newest reading that is as old; the oldest one when none is. */
  at(id: string, atMs: number): JsonObject | null {
    const readings = this.#readings.get(id) ?? [];
    return (readings.findLast((one) => one.atMs <= atMs) ?? readings[0])?.status ?? null;
  }
}

/** The reply with the status of a while ago, where it holds one. */
export const withOldStatus = (
  reply: Outgoing,
  { under, cells }: ShownStatus,
  old: JsonObject | null,
  counts: LagRule['counts'],
): Outgoing =>
  changed(reply, (value) => {
    if (old === null || !isObject(value)) return value;
    const now = under === null ? value : (value[under] ?? null);
    if (!isObject(now)) return value;
    const lagging = Object.entries(old).filter(([key]) => counts === 'all' || cells.includes(key));
    const status = { ...now, ...Object.fromEntries(lagging) };
    return under === null ? status : { ...value, [under]: status };
  });
