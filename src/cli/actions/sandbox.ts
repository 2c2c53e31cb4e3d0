import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  FaultScriptError,
  startSandbox,
  type Sandbox,
  type SandboxOptions,
} from '../../../sandbox/index.ts';
import { withLock } from '../../dev/temporal/lock.ts';
import { RowmillError } from '../../errors.ts';
import {
  sandboxExports,
  sandboxTokens,
  type SandboxToken,
} from '../../providers/sandbox-tokens.ts';
import type { Cli } from '../io/context.ts';
import { interruption } from '../run/signals.ts';
import { numberFlag, PORT, SPEED } from '../io/number-flag.ts';

export interface SandboxFlags {
  port: string;
  speed: string;
  seed: string;
  credits: string;
  state?: string;
  faults?: string;
  endWithStdin?: true;
}

/** Serves until it is stopped. */
export async function serveSandbox(cli: Cli, flags: SandboxFlags): Promise<void> {
  const tokens = sandboxTokens(cli.env);
  const options = optionsOf(flags, tokens);
  const serve = async (): Promise<void> => {
    const sandbox = await start(options);
    sayWhere(cli, sandbox, tokens);
    await untilStopped(cli, flags);
    await sandbox.close();
  };
  const { stateFile } = options;
  if (stateFile === undefined) return serve();
  mkdirSync(dirname(stateFile), { recursive: true, mode: 0o700 });
  // Two writers would corrupt the state.
  return withLock(`${stateFile}.lock`, serve, {
    waiting: (pid) => cli.log(`Waiting for process ${pid ?? '?'}, which uses ${stateFile} …`),
  });
}

function optionsOf(flags: SandboxFlags, tokens: readonly SandboxToken[]): SandboxOptions {
  const whole = { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true } as const;
  return {
    token: Object.fromEntries(tokens.map(({ provider, token }) => [provider, token])),
    port: numberFlag('--port', flags.port, PORT),
    speed: numberFlag('--speed', flags.speed, SPEED),
    seed: numberFlag('--seed', flags.seed, whole),
    credits: numberFlag('--credits', flags.credits, whole),
    ...(flags.faults === undefined ? {} : { faults: resolve(flags.faults) }),
    ...(flags.state === undefined ? {} : { stateFile: resolve(flags.state) }),
  };
}

async function start(options: SandboxOptions): Promise<Sandbox> {
  try {
    return await startSandbox(options);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    if (cause instanceof FaultScriptError) {
      const remedy =
        'Correct what is named; docs/reference/fault-scripts.md lists what a script may hold.';
      throw new RowmillError('usage', cause.message, { where: '--faults', remedy, cause });
    }
    if ('code' in cause && cause.code === 'EADDRINUSE') {
      const what = `port ${options.port ?? 0} is in use`;
      throw new RowmillError('port_in_use', what, { where: '--port', cause });
    }
    if (options.stateFile === undefined) throw cause;
    throw new RowmillError('usage', cause.message, { where: '--state', cause });
  }
}

function sayWhere(cli: Cli, { url }: Sandbox, tokens: readonly SandboxToken[]): void {
  const lines = [
    `The sandbox listens at ${url}`,
    '',
    'In another shell:',
    ...Object.entries(sandboxExports(url, tokens)).map(
      ([name, value]) => `  export ${name}=${value}`,
    ),
    '',
    'Ctrl-C ends it.',
  ];
  cli.print(lines.join('\n'));
}

/** A sandbox started for another process ends with it, even if that is killed. */
async function untilStopped(cli: Cli, flags: SandboxFlags): Promise<void> {
  const stop = interruption();
  await new Promise<void>((settle) => {
    stop.signal.addEventListener('abort', () => settle(), { once: true });
    if (flags.endWithStdin === true) cli.stdin.once('end', settle).once('error', settle).resume();
  });
  if (flags.endWithStdin === true) cli.stdin.destroy();
  stop.release();
}
