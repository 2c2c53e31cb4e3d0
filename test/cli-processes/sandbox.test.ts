import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { rowmill, type Command } from '../cli/command.ts';
import { eventually } from '../support/eventually.ts';

let cwd: string;
const started: Command[] = [];

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'rowmill-sandbox-'));
});
afterEach(async () => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
  await rm(cwd, { recursive: true, force: true });
});

/** Up, with what it printed. */
async function start(args: string[], env: Record<string, string> = {}) {
  const command = rowmill(['sandbox', '--port', '0', ...args], { cwd, env });
  started.push(command);
  let text = '';
  command.child.stdout?.on('data', (chunk: string) => (text += chunk));
  const over = command.ended.then(({ stderr }) => Promise.reject(new Error(stderr)));
  await Promise.race([eventually('it is up', () => text.includes('Ctrl-C')), over]);
  const printed = (variable: string): string | null =>
    new RegExp(`${variable}=(\\S+)`).exec(text)?.[1] ?? null;
  const url = printed('EXTRUCT_BASE_URL') ?? '';
  return { ...command, url, printed, token: printed('EXTRUCT_API_TOKEN') };
}

const statusWith = async (url: string, token: string | null): Promise<number> => {
  const headers = { authorization: `Bearer ${token ?? ''}` };
  const reply = await fetch(`${url}/v1/user`, { headers });
  await reply.text();
  return reply.status;
};

const keyStatusWith = async (url: string, key: string | null): Promise<number> => {
  const headers = { 'x-api-key': key ?? '' };
  const reply = await fetch(`${url}/api/public/v2/tables`, { headers });
  await reply.text();
  return reply.status;
};

const makeTable = (url: string, token: string) =>
  fetch(`${url}/v1/tables`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'kept', kind: 'company', column_configs: [] }),
  });

test('without EXTRUCT_API_TOKEN the sandbox prints a token that it accepts', async () => {
  const sandbox = await start([]);
  expect(await statusWith(sandbox.url, sandbox.token)).toBe(200);
  expect(await statusWith(sandbox.url, 'another')).toBe(401);
  expect(sandbox.printed('PROMPTLAYER_BASE_URL')).toBe(sandbox.url);
  expect(await keyStatusWith(sandbox.url, sandbox.printed('PROMPTLAYER_API_KEY'))).toBe(200);
  sandbox.child.kill('SIGTERM');
  expect(await sandbox.endsWith(0)).toMatchObject({ stderr: '' });
});

test('a sandbox killed and started again still accepts the token of the environment', async () => {
  const env = { EXTRUCT_API_TOKEN: 'of-the-environment' };
  const args = ['--state', join('kept', 'state.journal')];
  const first = await start(args, env);
  expect((await makeTable(first.url, env.EXTRUCT_API_TOKEN)).status).toBe(200);
  first.child.kill('SIGKILL');
  const { stdout } = await first.ended;
  expect(stdout).not.toContain(env.EXTRUCT_API_TOKEN);
  expect(stdout).not.toContain('EXTRUCT_API_TOKEN');

  const second = await start(args, env);
  // A token opens the API it belongs to, no other.
  expect(await keyStatusWith(second.url, env.EXTRUCT_API_TOKEN)).toBe(401);
  expect(await keyStatusWith(second.url, second.printed('PROMPTLAYER_API_KEY'))).toBe(200);
  const reply = await fetch(`${second.url}/_sandbox/ledger`, {
    headers: { authorization: `Bearer ${env.EXTRUCT_API_TOKEN}` },
  });
  expect(await reply.json()).toMatchObject({ tablesCreated: 1 });
});

test('one that serves another process ends with the pipe between them', async () => {
  // The pipe to its standard input is closed from the start.
  await rowmill(['sandbox', '--port', '0', '--end-with-stdin'], { cwd }).endsWith(0);
});

test('options that cannot work are refused with 2', async () => {
  const { url } = await start([]);
  const { port } = new URL(url);
  const refused = await Promise.all(
    [
      ['--port', port],
      ['--faults', 'script.json'],
      ['--speed', 'fast'],
      ['--credits', '-1'],
    ].map((args) => rowmill(['sandbox', ...args], { cwd }).ended),
  );
  expect(refused.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
  const [inUse, ...others] = refused.map(({ stderr }) => stderr);
  expect(inUse).toContain(`error[port_in_use] --port: port ${port} is in use`);
  for (const stderr of others) expect(stderr).toContain('error[usage] --');
});
