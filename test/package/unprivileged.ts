import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** User without rights, where the tests run as root; otherwise their own user has none. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

export interface UnprivilegedWorker {
  child: ChildProcess;
  healthUrl: string;
  /** Exit code. */
  ended: Promise<number | null>;
}

/** `rowmill worker` of the installed package, as a user who can write to nothing but one folder. */
export async function unprivilegedWorker(
  project: string,
  env: Record<string, string>,
): Promise<UnprivilegedWorker> {
  const data = join(dirname(project), 'data');
  await mkdir(data, { recursive: true });
  if (NOBODY.uid !== undefined) await chown(data, NOBODY.uid, NOBODY.gid);
  // Of root's temporary folder: may be passed through, not listed.
  await chmod(dirname(project), 0o711);
  const main = join(project, 'node_modules', 'rowmill', 'dist', 'src', 'cli', 'main.js');
  const child = spawn(process.execPath, [main, 'worker'], {
    ...NOBODY,
    cwd: data,
    env: { HOME: data, ROWMILL_STORE: join(data, 'store'), ROWMILL_HEALTH_PORT: '0', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close').then(([code]) => code as number | null); // of `close`
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line);
    if (!line.includes('"worker started"')) continue;
    child.stderr.resume();
    // Written by the worker in this shape.
    const { health } = JSON.parse(line) as { health: string };
    return { child, healthUrl: health, ended };
  }
  throw new Error(`the worker ended:\n${said.join('\n')}`);
}
