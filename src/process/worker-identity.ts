import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { isStill, markOf } from './process-mark.ts';

/**
 * Returns what is unique to this start of this machine and to the process ids that are seen here; `null`
 * where the system does not show it. Machines may share a host name, and containers a machine.
 */
function placeOf(): string | null {
  try {
    const place =
      process.platform === 'linux'
        ? `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')} ${readlinkSync('/proc/self/ns/pid')}`
        : hostname();
    return createHash('sha256').update(place).digest('hex').slice(0, 8);
  } catch {
    return null;
  }
}

const PLACE = placeOf();

/**
 * Formats the identity of this process for Temporal: `<process id>@<host> (<place>/<start>)`. A later
 * process at the same place knows by it that this one is gone.
 */
export function workerIdentity(): string {
  const name = `${process.pid}@${hostname()}`;
  return PLACE === null ? name : `${name} (${PLACE}/${markOf(process.pid).started})`;
}

/** Checks whether the worker of this identity certainly ended; false for one of another place. */
export function isGone(identity: string): boolean {
  const [, pid, place, started = ''] = /^(\d+)@.* \((\w+)\/(.+)\)$/.exec(identity) ?? [];
  return pid !== undefined && place === PLACE && !isStill({ pid: Number(pid), started });
}
