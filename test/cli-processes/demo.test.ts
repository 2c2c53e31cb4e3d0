import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { PROVIDER_NAMES } from '../../src/providers/catalog.ts';
import { readServerState } from '../../src/dev/temporal/server-state.ts';
import { rowmill } from '../cli/command.ts';
import { eventually } from '../support/eventually.ts';
import { openPlace, type Place } from './place.ts';

const FOLDER = join('.rowmill', 'demo');
/** Reads the symbols of the list, in its order. */
async function symbols(): Promise<string[]> {
  const list = await readFile(new URL('../../examples/companies/companies.csv', import.meta.url));
  return parse<{ Symbol: string }>(list, { columns: true }).map(({ Symbol }) => Symbol);
}

let place: Place;
beforeEach(async () => {
  place = await openPlace(FOLDER);
});
afterEach(() => place.remove());

const demo = (...args: string[]) => rowmill(['demo', ...args], place);
const serverState = () => readServerState(join(place.cwd, FOLDER, 'temporal.db'));
/** Returns whether the sandbox runs: one that ends removes its lock. */
const sandboxRuns = async (): Promise<boolean> =>
  (await readdir(join(place.cwd, FOLDER))).includes('sandbox.journal.lock');
const runIn = (text: string): string | undefined => /sp500-\w+-\d{8}-\d{6}/.exec(text)?.[0];

test('a demo in a pipe ends with 0 and leaves no run behind', async () => {
  const args = ['--rows', '4', '--speed', '600'];
  const { stdout, stderr } = await demo(...args).endsWith(0);
  expect(stderr).toContain('4 companies × Sector, Headquarters, Profile');
  expect(stderr).toMatch(
    /Temporal UI: http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows\//,
  );
  expect(stdout).toContain('sp500-profile.jsonl (4 rows');
  expect(stdout).toMatch(/^credits|^ {2}credits/m);
  expect(stdout).toMatch(/^MMM {3}Industrials /m);
  const results = await readFile(join(place.cwd, FOLDER, 'out', 'sp500-profile.jsonl'), 'utf8');
  expect(results.trimEnd().split('\n')).toHaveLength(4);
  expect(stdout + stderr).not.toMatch(/sandbox-[0-9a-f]{32}/);
  expect(serverState()).toBeNull();
  expect(await sandboxRuns()).toBe(false);

  const again = await demo(...args).endsWith(0);
  expect(runIn(again.stderr)).not.toBe(runIn(stderr));
});

test('interrupted, then killed with its server, it goes on with the same run without paying twice', async () => {
  const args = ['--rows', '3'];
  const first = demo(...args, '--speed', '1');
  await first.says('running, pass 1');
  // npm and the terminal send one each.
  first.child.kill('SIGINT');
  first.child.kill('SIGINT');
  const stopped = await first.endsWith(130);
  expect(stopped.stderr).toContain('The same command goes on');
  expect(serverState()).toBeNull();
  expect(await sandboxRuns()).toBe(false);

  const second = demo(...args, '--speed', '1');
  await second.says('running, pass 1');
  const server = serverState()?.server.pid;
  if (server === undefined) throw new Error('there is no server to kill');
  second.child.kill('SIGKILL');
  process.kill(server, 'SIGKILL');
  const killed = await second.ended;
  expect(killed.stderr).toContain('Going on with the run that was not finished');
  await eventually('the sandbox has ended as well', async () => !(await sandboxRuns()));

  const third = await demo(...args, '--speed', '2000').endsWith(0);
  const runs = [stopped, killed, third].map(({ stderr }) => runIn(stderr));
  expect(new Set(runs).size).toBe(1);
  // Three rows of three paid cells.
  expect(third.stdout).toMatch(/credits +9 by cells asked for/);
});

test.each(PROVIDER_NAMES)(
  'the whole list through %s, killed in the middle, is paid once',
  async (provider) => {
    const args = ['--provider', provider];
    const first = demo(...args, '--speed', '5');
    await first.says(/running, pass 1: cells done [1-9]/);
    first.child.kill('SIGKILL');
    const killed = await first.ended;
    await eventually('the sandbox has ended as well', async () => !(await sandboxRuns()));

    const { stdout, stderr } = await demo(...args, '--speed', '2000').endsWith(0);
    expect(stderr).toContain(`503 companies × Sector, Headquarters, Profile, by ${provider}`);
    expect(runIn(stderr)).toBe(runIn(killed.stderr));
    expect(stdout).toMatch(
      /^ {2}(credits +1,[56]\d{2} by cells asked for; .*|price +0\.\d{4} \(1,\d{3} requests, .*)$/m,
    );
    expect(stdout).toMatch(
      /ledger: 1 table, 503 rows, 1,\d{3} cells paid, none that had been done/,
    );
    const [run = ''] = (runIn(stderr) ?? '').match(/^sp500-[a-z]+/) ?? [];
    const results = await readFile(join(place.cwd, FOLDER, 'out', `${run}.jsonl`), 'utf8');
    const keys = results
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { key: string }).key);
    expect(keys).toEqual(await symbols());
  },
);

test('flags that name too many rows or an unknown provider are refused with 2', async () => {
  const { stderr } = await demo('--rows', '504').endsWith(2);
  expect(stderr).toContain('from 1 to 503');
  const unknown = await demo('--provider', 'extrukt').endsWith(2);
  expect(unknown.stderr).toContain(PROVIDER_NAMES.join(', '));
});
