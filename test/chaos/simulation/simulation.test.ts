import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';

const RUNNER = new URL('../../support/run-ts.mjs', import.meta.url).href;
const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const FOUND = fileURLToPath(new URL('found/', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'rowmill-chaos-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A process of its own: the simulation takes the place of its clock, its disk and its network. */
function chaos(...args: string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, ['--no-warnings', '--import', RUNNER, MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, text }));
  });
}

test('in 300 random scripts of faults, kills and lost results the invariants hold', async () => {
  const { code, text } = await chaos('--scripts', '300', '--seed', '1', '--folder', folder);
  expect({ code, text }).toMatchObject({ code: 0, text: expect.stringContaining(', 0 failures') });
  const all = text.split('\n').find((line) => line.startsWith('| all'));
  const figures = all?.split('|').map((cell) => cell.trim());
  // runs, tables ÷ wanted, rows lost, rows doubled, cells needed, paid, paid ÷ needed, wrong, hung
  expect(figures?.slice(2, 6)).toEqual(['300', '1.00', '0', '0']);
  expect(figures?.slice(8, 11)).toEqual(['1.00', '0', '0']);
}, 1_800_000);

test('what random scripts have found before stays mended', async () => {
  const scripts = readdirSync(FOUND).map((name) => join(FOUND, name));
  const { code, text } = await chaos(...scripts.flatMap((file) => ['--replay', file]));
  expect({ code, text }).toMatchObject({ code: 0 });
  expect(text.match(/nothing is wrong/g)).toHaveLength(scripts.length);
}, 300_000);

const BROKEN: [string, RegExp][] = [['repeats-paid-runs', /I3 cell .* was started \d+ times/]];

test.each(BROKEN)(
  'a rule broken on purpose (%s) is found, and its script replays the failure',
  async (rule, breach) => {
    const args = ['--break', rule, '--folder', join(folder, rule)];
    const hunted = await chaos('--scripts', '200', '--seed', '9', '--failures', '1', ...args);
    expect(hunted).toMatchObject({ code: 1, text: expect.stringMatching(breach) });
    expect(hunted.text).toMatch(/seed \d+, path [\d:]+/);
    const [kept = ''] = readdirSync(join(folder, rule)).map((name) => join(folder, rule, name));
    expect(readFileSync(kept, 'utf8')).toMatch(/^# seed \d+, path/);
    const replayed = await chaos('--replay', kept, '--break', rule);
    expect(replayed).toMatchObject({ code: 1, text: expect.stringMatching(breach) });
    // The real rule stands where the broken one fell.
    expect(await chaos('--replay', kept)).toMatchObject({ code: 0 });
  },
  600_000,
);
