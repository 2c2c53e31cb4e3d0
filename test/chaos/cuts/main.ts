/**
 * Cuts workers off from Temporal at every step that changes something: `npm run chaos:cuts`. Each worker,
 * Temporal, the provider and the store have an address of their own, in network namespaces.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { inspect, parseArgs } from 'node:util';
import { acquireTemporalBinary } from '../../../src/dev/temporal/acquire.ts';
import { s3Command } from '../../support/s3-server.ts';
import { workflowBundle } from '../../support/workflow-bundle.ts';
import { CUT_CASES, isTooLate, wordsOf, type CutCase } from './cuts.ts';
import { layNetworks } from './network.ts';
import { play } from './play.ts';
import { S3_ANYWHERE, startS3, startTemporal, type ServerCommands } from './servers.ts';

const { values } = parseArgs({
  options: {
    /** Plays the cases whose line has this text. */
    only: { type: 'string' },
    'at-once': { type: 'string', default: '3' },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Variable that a process inside of the namespaces has. */
const INSIDE = 'ROWMILL_CUTS_SERVERS';

/** Namespaces with an id space of their own, so that all processes end with the first one. */
const NAMESPACES = [
  ...['--net', '--mount', '--propagation', 'private'],
  ...['--pid', '--fork', '--mount-proc', '--kill-child'],
];

/** Returns why there are no network namespaces here; `null`: there are. */
function problemHere(): string | null {
  if (process.platform !== 'linux') return 'network namespaces are a feature of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  try {
    execFileSync('unshare', [...NAMESPACES, 'ip', 'link', 'add', 'probe', 'type', 'veth'], {
      stdio: 'pipe',
    });
    return null;
  } catch (error) {
    const said = error instanceof Error ? error.message.trim().split('\n').at(-1) : '';
    return `unshare(1) or ip(8) is missing, or may not make namespaces: ${said ?? ''}`;
  }
}

/** Fetches what needs a network, and starts this command again inside of its own one. */
async function enter(): Promise<number> {
  const problem = problemHere();
  if (problem !== null) {
    say(`Nothing was played: ${problem}. Run it as root on Linux with iproute2 and util-linux.`);
    return 2;
  }
  const temporal = (await acquireTemporalBinary()).path;
  const servers: ServerCommands = { temporal, s3: await s3Command(S3_ANYWHERE, '', 'lenient') };
  const bundle = await workflowBundle();
  const child = spawn(
    'unshare',
    [
      ...[...NAMESPACES, '--'],
      ...[process.execPath, '--no-warnings', fileURLToPath(import.meta.url)],
      ...process.argv.slice(2),
    ],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        [INSIDE]: JSON.stringify(servers),
        ROWMILL_TEST_BUNDLE: bundle ?? '',
      },
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => child.kill('SIGKILL'));
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function outcomeOf(cut: CutCase, wrong: readonly string[]): string {
  if (wrong.length === 0) return 'single';
  return isTooLate(cut) ? `not prevented: ${wrong[0] ?? ''}` : `WRONG: ${wrong.join('; ')}`;
}

async function playAll(commands: ServerCommands): Promise<number> {
  await layNetworks();
  const site = { temporal: await startTemporal(commands), s3: await startS3(commands) };
  const { only } = values;
  const due = CUT_CASES.filter((cut) => only === undefined || line(wordsOf(cut)).includes(only));
  const outcomes = new Map<CutCase, string>();
  let failed = 0;
  const queue = [...due];
  const playNext = async (): Promise<void> => {
    for (let cut = queue.shift(); cut !== undefined; cut = queue.shift()) {
      const startedAtMs = performance.now();
      const wrong = await play(site, cut).catch((error: unknown) => [inspect(error)]);
      if (wrong.length > 0 && !isTooLate(cut)) failed += 1;
      const outcome = outcomeOf(cut, wrong);
      outcomes.set(cut, outcome);
      const seconds = Math.round((performance.now() - startedAtMs) / 1_000);
      process.stderr.write(`${line([...wordsOf(cut), outcome])} ${seconds} s\n`);
    }
  };
  await Promise.all(Array.from({ length: Number(values['at-once']) }, playNext));
  say(line(['step', 'request held', 'worker', 'until', 'provider', 'store', 'outcome']));
  say(line(Array.from({ length: 7 }, () => '---')));
  for (const cut of due) say(line([...wordsOf(cut), outcomes.get(cut) ?? '']));
  say(`${due.length - failed} of ${due.length} as they should be`);
  return failed === 0 ? 0 : 1;
}

const inside = process.env[INSIDE];
process.exitCode =
  inside === undefined ? await enter() : await playAll(JSON.parse(inside) as ServerCommands);
// Workers and servers end with the namespaces.
if (inside !== undefined) process.exit();
