import { startSandbox, type Sandbox } from '../../../sandbox/index.ts';
import { pickPorts } from '../../../src/process/ports.ts';
import { allEnv } from '../../support/providers/cases.ts';
import { TOKEN } from '../../support/token.ts';
import { eventually } from '../../support/eventually.ts';
import { rowmill, type Command } from '../../cli/command.ts';

/** Records of everything that was asked of the sandbox. */
export type Ledger = Pick<Sandbox, 'ledger' | 'state' | 'truth' | 'close'>;

/** Both APIs, on a port that stays the same. */
export interface SandboxPort {
  url: string;
  start(): Promise<void>;
  /** Stops it; with SIGKILL it ends as a machine does that lost its power. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Ends it, and reads the state it ended in. */
  ledger(): Promise<Ledger>;
}

export interface SandboxPortOptions {
  cwd: string;
  journal: string;
  seed: number;
  speed: number;
}

/** Opens a sandbox as a process, with its state in a journal. */
export async function openSandboxPort(options: SandboxPortOptions): Promise<SandboxPort> {
  const { cwd, journal, seed, speed } = options;
  const [port = 0] = await pickPorts(['free']);
  const url = `http://127.0.0.1:${port}`;
  const args = ['--port', String(port), '--seed', String(seed), '--speed', String(speed)];
  let process: Command | null = null;
  const start = async (): Promise<void> => {
    process = rowmill(['sandbox', ...args, '--state', journal], { cwd, env: allEnv(url) });
    let text = '';
    process.child.stdout?.on('data', (chunk: string) => (text += chunk));
    const over = process.ended.then(({ stderr }) => Promise.reject(new Error(stderr)));
    await Promise.race([eventually('the sandbox is up', () => text.includes('Ctrl-C')), over]);
    over.catch(() => undefined);
  };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    process?.child.kill(signal);
    await process?.ended;
  };
  await start();
  return {
    url,
    start,
    stop,
    ledger: async () => {
      await stop();
      // The journal, played again here, is the state it ended in.
      return startSandbox({ token: TOKEN, stateFile: journal, seed });
    },
  };
}
