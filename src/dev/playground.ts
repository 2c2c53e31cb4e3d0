import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { RowmillError } from '../errors.ts';
import { openEmbedded, type Embedded, type EmbeddedOptions } from './embedded.ts';
import {
  startSandboxProcess,
  type SandboxProcess,
  type SandboxProcessOptions,
} from './sandbox-process.ts';
import type { PortChoice } from '../ports.ts';

export interface PlaygroundOptions
  extends
    Pick<EmbeddedOptions, 'port' | 'ui' | 'say' | 'userAgent'>,
    Pick<SandboxProcessOptions, 'command' | 'env' | 'speed'> {
  folder: string;
  sandboxPort: PortChoice;
  /** Of the sandbox. @default a new one */
  token?: string;
}

export interface Playground extends Embedded {
  sandbox: Pick<SandboxProcess, 'url' | 'token'>;
}

/** Temporal, the sandbox and a worker that talks to it, with all their state in one folder. */
export async function openPlayground(options: PlaygroundOptions): Promise<Playground> {
  const { command, env, speed, sandboxPort, token } = options;
  const folder = resolve(options.folder);
  const sandbox = await startSandboxProcess({
    ...{ command, folder, env, speed, port: sandboxPort },
    token: token ?? `sandbox-${randomBytes(16).toString('hex')}`,
  });
  try {
    const embedded = await openEmbedded({
      ...options,
      folder,
      provider: 'extruct',
      env: { ...env, EXTRUCT_API_TOKEN: sandbox.token, EXTRUCT_BASE_URL: sandbox.url },
    });
    let stopped = false;
    const gone = sandbox.exited.then(() =>
      stopped
        ? new Promise<never>(() => undefined)
        : new RowmillError('run_failed', 'the sandbox ended', { where: folder, remedy: REMEDY }),
    );
    return {
      ...embedded,
      sandbox: { url: sandbox.url, token: sandbox.token },
      broken: Promise.race([embedded.broken, gone]),
      stop: async () => {
        stopped = true;
        // The worker first: its last requests are still answered.
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
