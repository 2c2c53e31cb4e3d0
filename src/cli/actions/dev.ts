import { join, relative, resolve } from 'node:path';
import { Rowmill } from '../../client/rowmill.ts';
import { USUAL_UI_PORT } from '../../dev/embedded.ts';
import { packageRoot } from '../../process/package-root.ts';
import { openDevStack, type DevStack } from '../../dev/dev-stack.ts';
import type { CodecService } from '../../gateway/codec-service.ts';
import { onFreePorts, type PortChoice } from '../../process/ports.ts';
import { sandboxExports, sandboxTokens } from '../../providers/sandbox-tokens.ts';
import { KEYS_FILE_VARIABLE, KEYS_VARIABLE, payloadKeysOf } from '../../temporal/payload-keys.ts';
import { type Cli, type Env, selfCommand } from '../io/context.ts';
import { publishDevEnvironment } from '../run/dev-environment.ts';
import { interruption, untilStopped } from '../run/signals.ts';
import { numberFlag, PORT, SPEED } from '../io/number-flag.ts';
import { logRuns } from '../run/run-log.ts';
import { shellQuote } from '../../text/shell.ts';
import { packageVersion } from '../../process/package-root.ts';

export interface DevFlags {
  folder: string;
  speed: string;
  port?: string;
  uiPort?: string;
  sandboxPort?: string;
  faults?: string;
}

/** Example file in the package. */
const EXAMPLE = join(packageRoot(), 'examples', 'companies', 'pipeline.yaml');

const USUAL_PORT = 7233;
const USUAL_SANDBOX_PORT = 8780;
const USUAL_CODEC_PORT = 8235;

/** Serves until it is stopped or a part of it ends. */
export async function dev(cli: Cli, flags: DevFlags): Promise<void> {
  const speed = numberFlag('--speed', flags.speed, SPEED);
  const ports = {
    port: portOf('--port', flags.port, USUAL_PORT),
    ui: portOf('--ui-port', flags.uiPort, USUAL_UI_PORT),
    sandboxPort: portOf('--sandbox-port', flags.sandboxPort, USUAL_SANDBOX_PORT),
  };
  const stop = interruption();
  const codec = await openCodec(cli.env);
  try {
    const playground = await openDevStack({
      ...ports,
      uiCodec: codec?.url,
      speed,
      folder: flags.folder,
      env: cli.env,
      command: selfCommand(),
      tokens: sandboxTokens(cli.env),
      ...(flags.faults === undefined ? {} : { faults: resolve(flags.faults) }),
      say: (line) => cli.log(line),
      userAgent: `rowmill/${packageVersion()}`,
    });
    if (playground.uiUrl !== null) codec?.allow(playground.uiUrl);
    const over = new AbortController();
    const variables = environmentOf(playground);
    // The keys are for the file alone, which only the owner can read.
    const retract = publishDevEnvironment(flags.folder, { ...variables, ...keysIn(cli.env) });
    try {
      if (!stop.signal.aborted) cli.print(describe(playground, variables, codec));
      const { client, store, taskQueue, uiUrl } = playground;
      const rowmill = await Rowmill.connect({ client, store, taskQueue, env: cli.env });
      void logRuns(cli, { rowmill, uiUrl }, AbortSignal.any([stop.signal, over.signal]));
      await untilStopped(playground, stop.signal);
      cli.log('Stopping …');
    } finally {
      over.abort();
      retract();
      await playground.stop();
    }
  } finally {
    await codec?.stop();
    stop.release();
  }
}

const keysIn = (env: Env): Env => ({
  [KEYS_VARIABLE]: env[KEYS_VARIABLE],
  [KEYS_FILE_VARIABLE]: env[KEYS_FILE_VARIABLE],
});

/** Serves the codec for the Temporal UI, where payload keys are set. */
async function openCodec(env: Env): Promise<CodecService | null> {
  if (payloadKeysOf(env).length === 0) return null;
  const { startCodecService } = await import('../../gateway/codec-service.ts');
  return onFreePorts([{ from: USUAL_CODEC_PORT }], ([port = 0]) =>
    startCodecService({ env, port }),
  );
}

/** Returns the default port or the next free one; a port given by a flag is used exactly. */
const portOf = (flag: string, text: string | undefined, usual: number): PortChoice =>
  text === undefined ? { from: usual } : { exactly: numberFlag(flag, text, PORT) };

function environmentOf({ address, namespace, uiUrl, sandbox, store }: DevStack): Env {
  return {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    ...sandboxExports(sandbox.url, sandbox.tokens),
    ROWMILL_STORE: store.location,
    ...(uiUrl === null ? {} : { ROWMILL_UI_URL: uiUrl }),
  };
}

function describe(
  { address, uiUrl, sandbox, store }: DevStack,
  variables: Env,
  codec: CodecService | null,
): string {
  return [
    `Temporal     ${address}`,
    `Temporal UI  ${uiUrl ?? 'none'}`,
    ...(codec === null ? [] : [`UI’s codec   ${codec.url}`]),
    `Sandbox      ${sandbox.url}`,
    `Store        ${store.location}`,
    '',
    'In another shell, in this folder:',
    `  rowmill run ${shellQuote(relative('.', EXAMPLE))} --out companies.jsonl`,
    '',
    'In any other folder, before that:',
    ...Object.entries(variables).map(
      ([name, value]) => `  export ${name}=${shellQuote(value ?? '')}`,
    ),
    '',
    'Ctrl-C ends everything; started again it goes on where it was.',
  ].join('\n');
}
