import { isS3 } from '../../s3/address.ts';
import { diskLock } from './disk-lock.ts';
import { newOwner, parseOwner } from '../../store/disk/process-owner.ts';
import type { LockPlace, Sleep } from './lock-place.ts';
import { s3Lock } from './s3-lock.ts';
import { mapWriteErrors, sinkError } from '../port/sink-error.ts';

export interface HeldLocks {
  /**
   * Verifies ownership. @throws RowmillError `sink_unwritable` if another process has taken over
   * the locks
   */
  confirm(): Promise<void>;
}

/**
 * Runs `work` under locks against all workers that share the disk or the bucket. Takes over a
 * lock whose owner is gone. Throws `sink_unwritable` if no lock can be created.
 */
export async function withLocks<T>(
  files: readonly string[],
  sleep: Sleep,
  work: (held: HeldLocks) => Promise<T>,
): Promise<T> {
  const taken: { file: string; token: string }[] = [];
  try {
    // A fixed order prevents deadlocks.
    for (const file of [...new Set(files)].sort()) {
      taken.push({ file, token: await mapWriteErrors(file, () => take(file, sleep)) });
    }
    return await work({
      confirm: async () => {
        for (const { file, token } of taken) {
          if ((await mapWriteErrors(file, () => tokenIn(file))) === token) continue;
          throw sinkError(file, 'another process has taken over the lock');
        }
      },
    });
  } finally {
    for (const { file, token } of taken) {
      const held = await tokenIn(file).catch(() => null);
      if (held === token) await mapWriteErrors(file, () => lockAt(file).remove(file));
    }
  }
}

const lockAt = (file: string): LockPlace => (isS3(file) ? s3Lock : diskLock);

async function take(file: string, sleep: Sleep): Promise<string> {
  const owner = newOwner();
  await lockAt(file).take(file, JSON.stringify(owner), sleep);
  return owner.token;
}

async function tokenIn(file: string): Promise<string | null> {
  const text = await lockAt(file).text(file);
  return parseOwner(text ?? '')?.token ?? null;
}
