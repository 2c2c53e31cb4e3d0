import { lstat, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { isS3 } from '../s3/address.ts';

/** Maximum links, as on Linux. */
const MAX_LINKS = 40;

/**
 * Resolves every link of a path, also in parent folders and to missing files. A missing file keeps
 * its name. An address has no links.
 */
export const realPlace = async (path: string): Promise<string> =>
  isS3(path) ? path : follow(path, MAX_LINKS);

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

/** Checks whether a path is below a folder; both must be resolved. */
export function isBelow(folder: string, path: string): boolean {
  // `relative` would take an address for a path below the current folder.
  if (isS3(folder) || isS3(path)) return path.startsWith(`${folder.replace(/\/+$/, '')}/`);
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !/^\.\.[/\\]/.test(way) && !isAbsolute(way);
}
