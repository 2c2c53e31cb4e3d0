import { S3Fault } from '../../s3/fault.ts';
import { getObject, putObject, removeObject, type WriteCondition } from '../../s3/objects.ts';
import type { S3Place } from '../../s3/address.ts';
import { isGone } from '../../store/disk/process-owner.ts';
import type { LockPlace, Sleep } from './lock-place.ts';
import { placeAt } from '../files/s3-files.ts';

/** Age after which a lock counts as left by a killed worker: locks last for some copies. */
const LEFT_AFTER_MS = 120_000;
const CHECK_EVERY_MS = 1_000;

/** Takes a lock by a write that the server refuses to all but one process. */
async function take(file: string, owner: string, sleep: Sleep): Promise<void> {
  const place = placeAt(file);
  let seen: { version: string | null; forMs: number } = { version: null, forMs: 0 };
  while (!(await put(place, owner, 'absent'))) {
    const held = await getObject(place);
    if (held === null) continue;
    // Written by an attempt whose answer was lost.
    if (held.text === owner) return;
    const { version } = held;
    const forMs = version === seen.version ? seen.forMs : 0;
    if (version !== null && (isGone(held.text) || forMs >= LEFT_AFTER_MS)) {
      // Of several processes only one replaces the lock that all of them have seen.
      if (await put(place, owner, { version })) return;
      continue;
    }
    await sleep(CHECK_EVERY_MS);
    seen = { version, forMs: forMs + CHECK_EVERY_MS };
  }
}

/** Writes a lock; `false` if the condition does not hold. */
async function put(place: S3Place, owner: string, condition: WriteCondition): Promise<boolean> {
  try {
    await putObject(place, owner, condition);
    return true;
  } catch (error) {
    if (error instanceof S3Fault && ['taken', 'missing'].includes(error.kind)) return false;
    throw error;
  }
}

/** Locks in objects on S3. */
export const s3Lock: LockPlace = {
  take,
  text: async (file) => (await getObject(placeAt(file)))?.text ?? null,
  remove: async (file) => removeObject(placeAt(file)),
};
