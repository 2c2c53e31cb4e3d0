import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { executableName, PINNED_VERSION, type Environment } from './binary.ts';
import { packageRoot } from '../../process/package-root.ts';
import { findGo, goBuild } from './go-command.ts';
import { messageOf } from './error-text.ts';

const PACKAGE = 'github.com/temporalio/cli/cmd/temporal';
const STAMP = `-X github.com/temporalio/cli/internal/temporalcli.Version=${PINNED_VERSION}`;
const SAY_EVERY_MS = 60_000;

export type Build = { file: string } | { reason: string };

/**
 * Builds the pinned `temporal` command in `folder` from its Go module, with the versions and
 * checksums of tools/temporal. Needs Go and its module proxy.
 */
export async function buildTemporal(
  folder: string,
  env: Environment,
  say: (line: string) => void,
): Promise<Build> {
  const found = await findGo(env);
  if ('reason' in found) return found;
  const { go } = found;
  // Copied, because go may change its files, and an installed package is often read-only.
  const module = join(packageRoot(), 'tools', 'temporal');
  for (const name of ['go.mod', 'go.sum']) await copyFile(join(module, name), join(folder, name));
  const file = join(folder, executableName('temporal'));
  say(`Building the Temporal server ${PINNED_VERSION} with Go: about 6 minutes, this once …`);
  const started = Date.now();
  const timer = setInterval(() => {
    const minutes = Math.round((Date.now() - started) / 60_000);
    say(`Still building the Temporal server (${minutes} min) …`);
  }, SAY_EVERY_MS);
  try {
    await goBuild(found, { file, cwd: folder, target: PACKAGE, stamp: STAMP });
    say(`Built in ${Math.round((Date.now() - started) / 1000)} s.`);
    return { file };
  } catch (error) {
    return { reason: `${go}: ${messageOf(error)}` };
  } finally {
    clearInterval(timer);
  }
}
