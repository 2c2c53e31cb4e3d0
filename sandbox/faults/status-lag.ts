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

/** Earlier statuses, as far as requests read them. */
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

/** Replaces the status in a reply with an earlier one. */
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
