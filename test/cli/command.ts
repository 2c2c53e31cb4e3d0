import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestEnv } from '../support/test-env.ts';
import { extruct } from '../support/providers/extruct.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  cwd: string;
  /** All there is, beside PATH and HOME. */
  env?: Record<string, string>;
  stdin?: string;
  /** Command that starts it, such as one of a network namespace. */
  via?: readonly string[];
}

export interface Command {
  child: ChildProcess;
  /** Resolves when the text was written to stderr; rejects when the command ends before. */
  says(text: string | RegExp): Promise<void>;
  ended: Promise<Ended>;
  /** Waits for the end; another exit code is an error with the whole output. */
  endsWith(code: number | null): Promise<Ended>;
}

/** Program and arguments of `rowmill`, from sources. */
export const sourceCommand = (): [string, ...string[]] => [process.execPath, '--no-warnings', MAIN];

/** The real command in a process of its own, with pipes instead of a terminal. */
export function rowmill(args: readonly string[], options: CommandOptions): Command {
  const [program = '', ...own] = [...(options.via ?? []), ...sourceCommand()];
  const child = spawn(program, [...own, ...args], {
    cwd: options.cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      // No profile of Temporal from outside.
      XDG_CONFIG_HOME: options.cwd,
      ...options.env,
    },
  });
  const out = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (out.stderr += text));
  child.stdin.on('error', () => undefined).end(options.stdin ?? '');
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, ...out }));
  });
  const says = (text: string | RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (typeof text === 'string' ? out.stderr.includes(text) : text.test(out.stderr)) resolve();
      };
      child.stderr.on('data', look);
      look();
      void ended.then(() => reject(new Error(`ended without saying ${text}:\n${out.stderr}`)));
    });
  const endsWith = async (code: number | null): Promise<Ended> => {
    const end = await ended;
    if (end.code === code) return end;
    const signal = child.signalCode === null ? '' : ` (${child.signalCode})`;
    throw new Error(`ended with ${end.code}${signal}, not ${code}:\n${end.stderr}\n${end.stdout}`);
  };
  return { child, says, ended, endsWith };
}

export interface Workplace {
  cwd: string;
  env: Record<string, string>;
  command: (...args: string[]) => Promise<Ended>;
  remove: () => Promise<void>;
}

/** A folder to work in, and the environment of a command. */
export async function workplace(testEnv: TestEnv | null): Promise<Workplace> {
  const cwd = await mkdtemp(join(tmpdir(), 'rowmill-cli-'));
  const env: Record<string, string> =
    testEnv === null
      ? // Nothing listens there: a command that connects fails.
        { TEMPORAL_ADDRESS: '127.0.0.1:1' }
      : {
          TEMPORAL_ADDRESS: process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '',
          ROWMILL_TASK_QUEUE: testEnv.taskQueue,
          ROWMILL_STORE: testEnv.store.location,
          ROWMILL_UI_URL: 'http://127.0.0.1:8233',
        };
  return {
    cwd,
    env,
    command: (...args) => rowmill(args, { cwd, env }).ended,
    remove: () => rm(cwd, { recursive: true, force: true }),
  };
}

export const COMPANIES = 'Symbol,Security\nMMM,3M\nAOS,A. O. Smith\nABT,Abbott Laboratories\n';

/** A pipeline over `companies.csv`, quick enough for a test. */
export const pipelineText = (overrides: Record<string, unknown> = {}): string =>
  JSON.stringify({
    name: 'cli-test',
    provider: extruct.name,
    table: extruct.tables.one,
    rows: { from: 'companies.csv', key: 'Symbol', map: extruct.map },
    run: { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '20s', deadline: '10m' },
    results: [{ to: 'out/results.jsonl' }],
    ...overrides,
  });

/** A workplace without a server, with `pipeline.yaml` and its `companies.csv`. */
export async function workplaceWithPipeline(): Promise<Workplace> {
  const place = await workplace(null);
  await writeFile(join(place.cwd, 'pipeline.yaml'), pipelineText());
  await writeFile(join(place.cwd, 'companies.csv'), COMPANIES);
  return place;
}
