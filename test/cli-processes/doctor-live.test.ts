import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readFile, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/index.ts';
import { rowmill } from '../cli/command.ts';
import { TOKEN } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { openPlace, type Place } from './place.ts';

let place: Place;
let sandbox: Sandbox;
beforeEach(async () => {
  place = await openPlace('.rowmill');
});
afterEach(async () => {
  await sandbox.close();
  await place.remove();
});

const open = async (options: Partial<SandboxOptions> = {}): Promise<void> => {
  const exact = { failRate: 0, alwaysFailsRate: 0, statusLagMs: 0, credits: 1_000 };
  sandbox = await startSandbox({ token: TOKEN, speed: 4_000, ...exact, ...options });
};

const env = () => ({
  EXTRUCT_BASE_URL: sandbox.url,
  EXTRUCT_API_TOKEN: TOKEN,
  PROMPTLAYER_BASE_URL: sandbox.url,
  ROWMILL_REQUESTS_PER_SECOND: '500',
});

const doctor = (...args: string[]) => rowmill(['doctor', ...args], { cwd: place.cwd, env: env() });

const LIVE = ['--live', '--yes', '--settle', '200ms'];

const requests = () => sandbox.ledger.summary().requests.total;

test('without a terminal and without --yes nothing is asked', async () => {
  await open();
  const { stderr } = await doctor('--live').endsWith(2);
  expect(stderr).toContain('at most 8 credits');
  expect(stderr).toContain('--yes');
  expect(requests()).toBe(0);
});

test('--yes without --live is refused', async () => {
  await open();
  await doctor('--yes').endsWith(2);
  expect(requests()).toBe(0);
});

test('live findings reach the estimate', async () => {
  await open({ extruct: { automaticPrice: 1, pageLimit: 50 } });
  const folder = join(place.cwd, '.rowmill/facts');
  await mkdir(folder, { recursive: true });
  const set = { credits: { phone_finder: 10 } };
  await writeFile(
    join(folder, 'extruct.json'),
    JSON.stringify({ format: 1, provider: 'extruct', api: 'elsewhere', set }),
  );
  const { stdout } = await doctor(...LIVE).endsWith(0);
  expect(stdout).toMatch(
    /^ {2}DIFFERS {2}page-of-100 +limit=50\n +expected: limit=100\n +→ Pages/m,
  );
  expect(stdout).toMatch(/^ {2}DIFFERS {2}automatic-price +1 credit$/m);
  expect(stdout).toMatch(/^ {2}holds {4}tags-returned +in both$/m);
  const text = await readFile(join(folder, 'extruct.json'), 'utf8');
  expect(JSON.parse(text)).toMatchObject({
    format: 1,
    provider: 'extruct',
    set,
    spent: { unit: 'credits' },
    learned: { rowsPerPage: 50, credits: { company_profile: 1, agent_llm: 1 } },
  });
  for (const secret of [TOKEN, sandbox.url, 'owner@sandbox.example', 'example.com', 'Sandbox']) {
    expect(text).not.toContain(secret);
  }
  expect(sandbox.ledger.summary()).toMatchObject({ tablesLive: 0 });
  expect(sandbox.ledger.summary().creditsSpent).toBeLessThanOrEqual(8);
  const plain = await doctor().ended;
  expect(plain.stdout).toMatch(/^ok +extruct facts +\d+ checked 20\d\d-\d\d-\d\d, 2 differ/m);
});

test('--json prints what --facts stores', async () => {
  await open();
  const { stdout } = await doctor(...LIVE, '--json', '--facts', 'elsewhere').endsWith(0);
  const { providers } = JSON.parse(stdout) as {
    providers: { provider: string; facts: unknown[] }[];
  };
  expect(providers.map(({ provider }) => provider)).toEqual(['extruct']);
  expect(providers[0]?.facts.length).toBeGreaterThan(20);
  await expect(readFile(join(place.cwd, 'elsewhere/extruct.json'), 'utf8')).resolves.toContain(
    '"format": 1',
  );
});

test('Ctrl-C deletes what the check has made', async () => {
  await open({ speed: 1 });
  const command = doctor(...LIVE);
  await eventually('a run was sent', () => sandbox.ledger.runs().length > 0);
  command.child.kill('SIGINT');
  const { stderr } = await command.endsWith(130);
  expect(stderr).toContain('has been deleted');
  expect(sandbox.ledger.summary()).toMatchObject({ tablesLive: 0 });
  await expect(readFile(join(place.cwd, '.rowmill/facts/extruct.json'))).rejects.toThrow('ENOENT');
});

test('a plan that allows no changes is a warning without --live', async () => {
  await open({ extruct: { billing: { requiresSubscription: true, planTier: 'free' } } });
  const { stdout } = await doctor().ended;
  expect(stdout).toMatch(/^warn +extruct plan +a subscription is required\n +→ .*402/m);
});
