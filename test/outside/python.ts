import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Slow mirrors exist; a test must end. */
const INSTALL_WITHIN_MS = 240_000;

export interface Python {
  /** Folder of `python` and of what the packages bring. */
  bin: string;
  remove(): Promise<void>;
}

/** A Python with these packages in a folder of its own; the reason where there can be none. */
export async function pythonWith(...packages: string[]): Promise<Python | string> {
  const given = process.env['ROWMILL_TEST_PYTHON_BIN'];
  if (given !== undefined) return { bin: given, remove: () => Promise.resolve() };
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-python-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const options = { timeout: INSTALL_WITHIN_MS };
  try {
    await run('python3', ['-m', 'venv', folder], options);
    await run(join(folder, 'bin', 'python'), ['-m', 'pip', '-q', 'install', ...packages], options);
    return { bin: join(folder, 'bin'), remove };
  } catch (error) {
    await remove();
    return error instanceof Error ? error.message : String(error);
  }
}
