/** Older servers lack what the workflow uses: update-with-start, user metadata, current details. */
export const OLDEST_SERVER = '1.28';

/** Compares dotted numbers. A version that is not numbers passes: Temporal Cloud names no release. */
export function isAtLeast(version: string, oldest: string): boolean {
  const have = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  const need = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(oldest);
  if (have === null || need === null) return true;
  for (const part of [1, 2, 3]) {
    const difference = Number(have[part] ?? 0) - Number(need[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
