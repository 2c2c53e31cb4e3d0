import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Modules come from far away; a test must end. */
const BUILD_WITHIN_MS = 360_000;

export interface Program {
  path: string;
  remove(): Promise<void>;
}

/** The program of a folder, built; the reason where there is no Go. */
export async function goProgram(folder: string): Promise<Program | string> {
  try {
    await run('go', ['version']);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const place = await mkdtemp(join(tmpdir(), 'rowmill-go-'));
  const path = join(place, 'program');
  // A build that fails is a defect of the example.
  await run('go', ['build', '-mod=readonly', '-trimpath', '-o', path, '.'], {
    cwd: folder,
    timeout: BUILD_WITHIN_MS,
  });
  return { path, remove: () => rm(place, { recursive: true, force: true }) };
}
