import { pickPorts } from '../../../src/ports.ts';
import { TOKEN } from '../../support/token.ts';
import { until } from '../../support/until.ts';
import { rowmill, type Command } from '../../cli/command.ts';

/** The API as a process on a port that stays the same, with its state in a journal. */
export interface SandboxPort {
  url: string;
  start(): Promise<void>;
  /** With SIGKILL it ends as a machine does that lost its power. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** How many cells were ever done. */
  cellsDone(): Promise<number>;
}

export interface SandboxPortOptions {
  cwd: string;
  journal: string;
  seed: number;
  speed: number;
}

export async function openSandboxPort(options: SandboxPortOptions): Promise<SandboxPort> {
  const { cwd, journal, seed, speed } = options;
  const [port = 0] = await pickPorts(['free']);
  const url = `http://127.0.0.1:${port}`;
  const args = ['--port', String(port), '--seed', String(seed), '--speed', String(speed)];
  let process: Command | null = null;
  const start = async (): Promise<void> => {
    const env = { EXTRUCT_API_TOKEN: TOKEN };
    process = rowmill(['sandbox', ...args, '--state', journal], { cwd, env });
    let text = '';
    process.child.stdout?.on('data', (chunk: string) => (text += chunk));
    const over = process.ended.then(({ stderr }) => Promise.reject(new Error(stderr)));
    await Promise.race([until('the sandbox is up', () => text.includes('Ctrl-C'), 60_000), over]);
    over.catch(() => undefined);
  };
  await start();
  return {
    url,
    start,
    stop: async (signal = 'SIGTERM') => {
      process?.child.kill(signal);
      await process?.ended;
    },
    cellsDone: async () => {
      const headers = { authorization: `Bearer ${TOKEN}` };
      const reply = await fetch(`${url}/_sandbox/ledger`, { headers });
      // Of sandbox/own-routes.ts.
      return ((await reply.json()) as { cellsDone: number }).cellsDone;
    },
  };
}
