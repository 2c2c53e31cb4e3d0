import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Returns the folder of rowmill's package.json, from sources and from a build. */
export function packageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; dirname(folder) !== folder; folder = dirname(folder)) {
    if (isOurs(join(folder, 'package.json'))) return folder;
  }
  throw new Error(`no package.json of rowmill above ${start}`);
}

function isOurs(file: string): boolean {
  try {
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof json === 'object' && json !== null && 'name' in json && json.name === 'rowmill';
  } catch {
    return false;
  }
}

/** Reads the version in package.json; works from sources and in a build. */
export function packageVersion(): string {
  const json: unknown = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
  const version = typeof json === 'object' && json !== null && 'version' in json && json.version;
  return typeof version === 'string' ? version : '0.0.0';
}
