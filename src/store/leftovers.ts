import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const DRAFT = /^\..*\.\d+\.[0-9a-f]{12}\.tmp$/;
const LEFTOVER_AFTER_MS = 24 * 60 * 60 * 1000;
/** Leaves room for the rest of the name within the usual limit of 255 bytes. */
const READABLE_LENGTH = 60;

const beginning = (name: string): string => `.${name.slice(0, READABLE_LENGTH)}.`;

/** What a file (or folder) is called until it is whole: hidden, and never the same twice. */
export const draftNameOf = (name: string): string =>
  `${beginning(name)}${process.pid}.${randomBytes(6).toString('hex')}.tmp`;

export const isDraftName = (name: string): boolean => DRAFT.test(name);

/**
 * Removes drafts that nobody has written to for a day: what killed processes left behind. With
 * `name`, only drafts of that file. By age, not by process id: the folder may be shared by hosts.
 */
export const removeLeftovers = async (
  folder: string,
  { name, nowMs = Date.now() }: { name?: string; nowMs?: number } = {},
): Promise<void> => {
  for (const entry of await readdir(folder)) {
    if (!isDraftName(entry)) continue;
    if (name !== undefined && !entry.startsWith(beginning(name))) continue;
    const path = join(folder, entry);
    // Another process may be quicker at removing it, or just renaming it.
    const found = await stat(path).catch(() => null);
    if (found !== null && nowMs - found.mtimeMs > LEFTOVER_AFTER_MS)
      await rm(path, { recursive: true, force: true });
  }
};
