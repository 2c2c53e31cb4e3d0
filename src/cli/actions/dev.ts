import { USUAL_UI_PORT } from '../../dev/embedded.ts';
import { openPlayground, type Playground } from '../../dev/playground.ts';
import type { PortChoice } from '../../ports.ts';
import { standInExports, standInTokens } from '../../providers/stand-in.ts';
import type { Cli } from '../context.ts';
import { interruption } from '../interruption.ts';
import { numberFlag, PORT, SPEED } from '../number-flag.ts';
import { ownCommand } from '../own-command.ts';
import { shellWord } from '../shell-word.ts';
import { untilStopped } from '../until-stopped.ts';
import { packageVersion } from '../version.ts';

export interface DevFlags {
  folder: string;
  speed: string;
  port?: string;
  uiPort?: string;
  sandboxPort?: string;
}

const USUAL_PORT = 7233;
const USUAL_SANDBOX_PORT = 8780;

/** Serves until it is stopped or a part of it ends. */
export async function dev(cli: Cli, flags: DevFlags): Promise<void> {
  const speed = numberFlag('--speed', flags.speed, SPEED);
  const ports = {
    port: portOf('--port', flags.port, USUAL_PORT),
    ui: portOf('--ui-port', flags.uiPort, USUAL_UI_PORT),
    sandboxPort: portOf('--sandbox-port', flags.sandboxPort, USUAL_SANDBOX_PORT),
  };
  const stop = interruption();
  try {
    const playground = await openPlayground({
      ...{ ...ports, speed, folder: flags.folder, env: cli.env },
      command: ownCommand(),
      tokens: standInTokens(cli.env),
      say: (line) => cli.say(line),
      userAgent: `rowmill/${packageVersion()}`,
    });
    try {
      if (!stop.signal.aborted) cli.print(describe(playground));
      await untilStopped(playground, stop.signal);
      cli.say('Stopping …');
    } finally {
      await playground.stop();
    }
  } finally {
    stop.release();
  }
}

/** The usual one or the next free one; a port that was asked for is taken exactly. */
const portOf = (flag: string, text: string | undefined, usual: number): PortChoice =>
  text === undefined ? { from: usual } : { exactly: numberFlag(flag, text, PORT) };

function describe({ address, namespace, uiUrl, sandbox, store }: Playground): string {
  const environment = {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    ...standInExports(sandbox.url, sandbox.tokens),
    ROWMILL_STORE: store.location,
    ...(uiUrl === null ? {} : { ROWMILL_UI_URL: uiUrl }),
  };
  return [
    `Temporal     ${address}`,
    `Temporal UI  ${uiUrl ?? 'none'}`,
    `Sandbox      ${sandbox.url}`,
    `Store        ${store.location}`,
    '',
    'In another shell:',
    ...Object.entries(environment).map(([name, value]) => `  export ${name}=${shellWord(value)}`),
    '  rowmill run examples/companies/pipeline.yaml',
    '',
    'Ctrl-C ends everything; started again it goes on where it was.',
  ].join('\n');
}
