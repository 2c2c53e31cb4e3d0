import { resolve } from 'node:path';
import { RowmillError } from '../errors.ts';
import { sandboxEnv, sandboxTokens, type SandboxToken } from '../providers/sandbox-tokens.ts';
import { openEmbedded, type Embedded, type EmbeddedOptions } from './embedded.ts';
import { startSandboxProcess, type SandboxProcessOptions } from './sandbox-process.ts';
import type { PortChoice } from '../process/ports.ts';

export interface DevStackOptions
  extends
    Pick<EmbeddedOptions, 'port' | 'ui' | 'uiCodec' | 'say' | 'userAgent'>,
    Pick<SandboxProcessOptions, 'command' | 'env' | 'speed' | 'faults'> {
  folder: string;
  sandboxPort: PortChoice;
  /** Tokens that the sandbox accepts. @default a new one for every provider */
  tokens?: readonly SandboxToken[];
}

export interface DevStack extends Embedded {
  sandbox: { url: string; tokens: readonly SandboxToken[] };
}

/** Starts Temporal, the sandbox and a worker that uses it, with all state in one folder. */
export async function openDevStack(options: DevStackOptions): Promise<DevStack> {
  const { command, env, speed, faults, sandboxPort, say, tokens = sandboxTokens() } = options;
  const folder = resolve(options.folder);
  const sandbox = await startSandboxProcess({
    command,
    folder,
    env,
    speed,
    tokens,
    port: sandboxPort,
    ...(say === undefined ? {} : { say }),
    ...(faults === undefined ? {} : { faults }),
  });
  try {
    const embedded = await openEmbedded({
      ...options,
      folder,
      env: { ...env, ...sandboxEnv(sandbox.url, tokens) },
    });
    let stopped = false;
    const gone = sandbox.exited.then(() =>
      stopped
        ? new Promise<never>(() => undefined)
        : new RowmillError('run_failed', 'the sandbox ended', { where: folder, remedy: REMEDY }),
    );
    return {
      ...embedded,
      sandbox: { url: sandbox.url, tokens },
      broken: Promise.race([embedded.broken, gone]),
      stop: async () => {
        stopped = true;
        // Ends the worker first: its last requests are still answered.
        try {
          await embedded.stop();
        } finally {
          await sandbox.stop();
        }
      },
    };
  } catch (error) {
    await sandbox.stop();
    throw error;
  }
}

const REMEDY = 'Start the same command again: it goes on where it was.';
