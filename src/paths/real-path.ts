import { lstat, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Where a path leads: every link resolved, those in the folders above it and those that lead to
 * nothing yet. What is not there keeps its name.
 */
export const realPlace = (path: string): Promise<string> => follow(path, MAX_LINKS);

async function follow(path: string, links: number): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const above = dirname(path);
    if (above === path) return path;
    const folder = await follow(above, links);
    const here = join(folder, basename(path));
    const target = links > 0 ? await linkAt(here) : null;
    return target === null ? here : follow(resolve(folder, target), links - 1);
  }
}

/** `null`: no link. */
async function linkAt(path: string): Promise<string | null> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : null;
  } catch {
    return null;
  }
}

/** Whether a path lies below a folder; both are real ones. */
export function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !/^\.\.[/\\]/.test(way) && !isAbsolute(way);
}
