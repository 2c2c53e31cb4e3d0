import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CASES } from '../../support/providers/cases.ts';
import { play, type Played } from '../play.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const FOUND = fileURLToPath(new URL('regressions/', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'rowmill-chaos-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const chaos = (...args: string[]): Promise<Played> => play(MAIN, ...args);

test('in 300 random scripts for all providers, of faults, kills and lost results the invariants hold', async () => {
  const { code, text } = await chaos('--scripts', '300', '--seed', '1', '--folder', folder);
  expect({ code, text }).toMatchObject({ code: 0, text: expect.stringContaining(', 0 failures') });
  const lines = text.split('\n').filter((line) => /^\| (all|provider: \w+) /.test(line));
  expect(lines).toHaveLength(CASES.length + 1);
  const figures = lines.map((line) => line.split('|').map((cell) => cell.trim()));
  // runs, tables ÷ wanted, rows lost, doubled, left twice; cells needed, paid, paid ÷ needed, wrong, hung
  for (const line of figures) {
    expect(line.slice(3, 6)).toEqual(['1.00', '0', '0']);
    expect(line.slice(9, 12)).toEqual(['1.00', '0', '0']);
  }
  expect(figures.at(-1)?.[2]).toBe('300');
}, 1_800_000);

describe('scripts that failed before pass now', () => {
  const scripts = readdirSync(FOUND).map((name) => join(FOUND, name));
  const reports = new Map<string, string>();

  beforeAll(async () => {
    const { text } = await chaos(...scripts.flatMap((file) => ['--replay', file]));
    const parts = text.split(new RegExp(`^(${scripts.join('|')}):\n`, 'm'));
    for (let at = 1; at < parts.length; at += 2) reports.set(parts[at] ?? '', parts[at + 1] ?? '');
  });

  const named = scripts.map((file) => [basename(file, '.yaml').replaceAll('-', ' '), file]);
  test.each(named)('%s', (name, file) => {
    // Known, see docs/design/reliability.md: they cost nothing.
    const known = name === 'cancelled while rows commit late' ? '12 rows are there twice\n' : '';
    expect(reports.get(file)).toBe(`${known}nothing is wrong\n`);
  });
});

test('a pass that does not fit into the day budget waits for midnight of its zone', async () => {
  const file = join(FOUND, 'day-budget-that-is-empty-until-midnight.yaml');
  const { text } = await chaos('--trace', '--replay', file);
  expect(text).toContain('nothing is wrong');
  const times = [...text.matchAll(/^([\d.]+) reserveBudget /gm)].map(([, at]) => Number(at));
  const [first = Infinity, second = 0] = times;
  // In winter the zone is an hour behind; the run began at midnight of UTC.
  expect([first < 60, second >= 3_600, second < 3_660]).toEqual([true, true, true]);
});

test('an account without credits or a readable balance is retried less and less often', async () => {
  const file = join(FOUND, 'credits-run-out-for-good.yaml');
  const { text } = await chaos('--trace', '--replay', file);
  expect(text).toContain('nothing is wrong');
  // Every 15 s until the deadline they would be 1,400.
  expect(text.match(/ startPass /g)?.length).toBeLessThan(100);
});

test('a rerun cancelled while it loads its rows ends once the disk is writable', async () => {
  const file = join(FOUND, 'rerun-cancelled-before-it-loaded-its-rows.yaml');
  const { text } = await chaos('--trace', '--replay', file);
  expect(text).toContain('nothing is wrong');
  // A scan would wait an hour for the rows that are missing.
  expect(text).not.toMatch(/\[1\] collectResults/);
});

test('without the fence, an absent worker changes something in each script of absences', async () => {
  const files = readdirSync(FOUND)
    .filter((name) => name.startsWith('absent-'))
    .map((name) => join(FOUND, name));
  const played = await chaos(
    ...['--break', 'changes-without-a-fence'],
    ...files.flatMap((file) => ['--replay', file]),
  );
  const breaches = played.text.split(/^\d+ things are wrong$/m).slice(0, -1);
  expect(breaches).toHaveLength(files.length);
  for (const text of breaches) expect(text).toMatch(/^I9 /m);
});

const BROKEN: [string, string, RegExp][] = [
  ['repeats-paid-runs', '9', /I(3|12) cell .* was (started|done) \d+ times/],
  ['repeats-rows', '33', /I2 row \S+ is doubled/],
  ['reruns-what-is-done', '21', /I3 cell .* was done \d+ times \(rerun 1\)/],
  ['changes-without-a-fence', '52', /I9 \w+: (POST|PATCH|DELETE|file) /],
  ['trusts-its-clock', '31', /I4 cell .* is (pending|failed)|I5 it took its deadline to be over/],
];

test.each(BROKEN)(
  'the script of a rule broken on purpose (%s) replays the failure',
  async (rule, seed, breach) => {
    const args = ['--break', rule, '--folder', join(folder, rule)];
    const hunted = await chaos('--scripts', '200', '--seed', seed, '--failures', '1', ...args);
    expect(hunted).toMatchObject({ code: 1, text: expect.stringMatching(breach) });
    expect(hunted.text).toMatch(/seed \d+, path [\d:]+/);
    const [kept = ''] = readdirSync(join(folder, rule)).map((name) => join(folder, rule, name));
    expect(readFileSync(kept, 'utf8')).toMatch(/^# seed \d+, path/);
    const replayed = await chaos('--replay', kept, '--break', rule);
    expect(replayed).toMatchObject({ code: 1, text: expect.stringMatching(breach) });
    // The real rule passes where the broken one failed.
    expect(await chaos('--replay', kept)).toMatchObject({ code: 0 });
  },
);
