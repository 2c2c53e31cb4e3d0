import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../dev/temporal/package-root.ts';

/** Of package.json, the same for sources and build. */
export function packageVersion(): string {
  const json: unknown = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
  const version = typeof json === 'object' && json !== null && 'version' in json && json.version;
  return typeof version === 'string' ? version : '0.0.0';
}
