import { isAbsolute, join, resolve } from 'node:path';
import { isS3, readS3Address, s3Address } from '../s3/address.ts';

/**
 * A place is an absolute path on disk, or an address such as `s3://bucket/key`. Node's functions for
 * paths take an address for a relative path.
 */

/** Joins names to a place. */
export const joinPlace = (place: string, ...names: string[]): string =>
  isS3(place) ? [place.replace(/\/+$/, ''), ...names].join('/') : join(place, ...names);

/** Resolves a path against a folder; an address stays one, without a slash at its end. */
export function resolvePlace(folder: string, path: string): string {
  if (isS3(path)) {
    const place = readS3Address(path);
    return typeof place === 'string' ? path : s3Address(place);
  }
  if (isAbsolute(path)) return resolve(path);
  return isS3(folder) ? joinPlace(folder, ...withoutDots(path)) : resolve(folder, path);
}

/** Detects a place that means the same on every machine with the same disk. */
export const isPlace = (path: string): boolean => isS3(path) || isAbsolute(path);

/** Carries out `.` and `..`, which a key would contain as they are. */
function withoutDots(path: string): string[] {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return kept;
}
