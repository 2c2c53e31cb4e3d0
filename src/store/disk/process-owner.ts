import { randomUUID } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { errnoOf } from './disk-error.ts';

/** Process that owns a file, such as a lock or a beat. Its id alone may be of another process by now. */
const ownerShape = z.object({ token: z.string(), machine: z.string(), pid: z.number() });
export type Owner = z.infer<typeof ownerShape>;

/** Identifies the machine: processes of two containers may share a host name and have equal ids. */
function machineName(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}
const MACHINE = machineName();
const PROCESS = randomUUID();

/** Returns a new owner, which no other file has. */
export const newOwner = (): Owner => ({
  token: `${PROCESS} ${randomUUID()}`,
  machine: MACHINE,
  pid: process.pid,
});

/** Reads the owner in a file; `null`: being written, or truncated by a crash. */
export function parseOwner(text: string): Owner | null {
  try {
    return ownerShape.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Detects a dead owner only on this machine; others are detected by age. */
export function isGone(text: string): boolean {
  const owner = parseOwner(text);
  if (owner?.machine !== MACHINE) return false;
  // Equal id, but not this process: the owner was an earlier process.
  if (owner.pid === process.pid) return !owner.token.startsWith(PROCESS);
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return errnoOf(error) === 'ESRCH';
  }
}
