import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { isStill, markOf } from './process-mark.ts';

const digestOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 8);

/**
 * Returns what is unique to this start of this machine and to the process ids that are seen here.
 * Machines may share a host name, and containers a machine.
 */
function placeOf(): string {
  if (process.platform !== 'linux') return digestOf(hostname());
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return digestOf(`${boot} ${readlinkSync('/proc/self/ns/pid')}`);
}

/**
 * Formats the identity of this process for Temporal: `<process id>@<host> (<place>/<start>)`. A later
 * process at the same place knows by it that this one is gone.
 */
export function workerIdentity(): string {
  const name = `${process.pid}@${hostname()}`;
  try {
    return `${name} (${placeOf()}/${digestOf(markOf(process.pid).started)})`;
  } catch {
    return name;
  }
}

/** Checks whether the worker of this identity certainly ended; false for one of another place. */
export function isGone(identity: string): boolean {
  const [, pid, place, start] = /^(\d+)@.* \((\w+)\/(\w+)\)$/.exec(identity) ?? [];
  try {
    if (pid === undefined || place !== placeOf()) return false;
  } catch {
    return false;
  }
  const there = markOf(Number(pid));
  return !isStill(there) || (there.started !== '' && digestOf(there.started) !== start);
}
