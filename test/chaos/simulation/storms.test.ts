import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { CASES } from '../../support/providers/cases.ts';

const STORMS = fileURLToPath(new URL('storms.ts', import.meta.url));

const Pair = z.object({
  provider: z.string(),
  seed: z.number(),
  calmMs: z.number(),
  stormyMs: z.number(),
  calmSetupMs: z.number(),
  stormySetupMs: z.number(),
  failures: z.number(),
  wrong: z.array(z.string()),
});

/** Pairs of runs on a simulated clock: their times are the same on every machine. */
async function pairs(...args: string[]): Promise<z.infer<typeof Pair>[]> {
  const child = spawn(process.execPath, ['--no-warnings', STORMS, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' },
  });
  let text = '';
  let trouble = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (trouble += piece));
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  expect(trouble).toBe('');
  return text
    .trim()
    .split('\n')
    .map((line) => Pair.parse(JSON.parse(line)));
}

/** Requests without an answer for two minutes each take longer than three times in any client. */
const KINDS = [[], ['error'], ['reset'], ['rate-limit'], ['truncate']];

test.each(KINDS.map((only) => ({ only, of: only[0] ?? 'every kind' })))(
  'with one request in four failing ($of) a run ends as well within three times the time',
  async ({ only }) => {
    const played = await pairs(
      ...['--rows', '150', '--seeds', '3'],
      ...only.flatMap((kind) => ['--only', kind]),
    );
    expect(played).toHaveLength(3 * CASES.length);
    for (const pair of played) {
      expect(pair).toMatchObject({ wrong: [] });
      expect(pair.failures).toBeGreaterThan(10);
      expect(pair.stormyMs / pair.calmMs).toBeLessThanOrEqual(3);
    }
  },
  300_000,
);

test('an API that takes two requests a second is asked for little less', async () => {
  const rows = 2_500;
  const played = await pairs('--rows', String(rows), '--seeds', '1', '--only', 'pace');
  expect(played).toHaveLength(CASES.length);
  for (const { provider, stormySetupMs, wrong } of played) {
    expect(wrong).toEqual([]);
    // What fills the table, and about ten requests that make it.
    const requests = rows / (provider === 'extruct' ? 50 : 100) + 10;
    expect(stormySetupMs).toBeLessThanOrEqual(1.5 * requests * 500);
  }
}, 300_000);
