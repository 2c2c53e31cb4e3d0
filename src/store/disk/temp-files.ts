import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const DRAFT = /^\..*\.\d+\.[0-9a-f]{12}\.tmp$/;
const LEFTOVER_AFTER_MS = 24 * 60 * 60 * 1000;
/** Leaves room for the rest of the name within the usual limit of 255 bytes. */
const READABLE_LENGTH = 60;

/** Returns what the names of a file's drafts begin with. */
export const beginningOfDrafts = (name: string): string => `.${name.slice(0, READABLE_LENGTH)}.`;

/** Returns a hidden, unique name for a file or folder that is not complete yet. */
export const draftNameOf = (name: string): string =>
  `${beginningOfDrafts(name)}${process.pid}.${randomBytes(6).toString('hex')}.tmp`;

export const isDraftName = (name: string): boolean => DRAFT.test(name);

/** True for a draft that was not written to for a day. */
export const isLeftover = (writtenAtMs: number, nowMs = Date.now()): boolean =>
  nowMs - writtenAtMs > LEFTOVER_AFTER_MS;

/**
 * Removes drafts that were not written to for a day, left behind by killed processes. With `name`,
 * only drafts of that file. Decides by age, not by process id, because hosts may share the folder.
 */
export const removeLeftovers = async (
  folder: string,
  { name, nowMs = Date.now() }: { name?: string; nowMs?: number } = {},
): Promise<void> => {
  for (const entry of await readdir(folder)) {
    if (!isDraftName(entry)) continue;
    if (name !== undefined && !entry.startsWith(beginningOfDrafts(name))) continue;
    const path = join(folder, entry);
    // Another process may remove or rename it at the same time.
    const found = await stat(path).catch(() => null);
    if (found !== null && isLeftover(found.mtimeMs, nowMs))
      await rm(path, { recursive: true, force: true });
  }
};
