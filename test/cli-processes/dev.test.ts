import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readServerState } from '../../src/dev/temporal/server-state.ts';
import { COMPANIES, pipelineText, rowmill } from '../cli/command.ts';
import { eventually } from '../support/eventually.ts';
import { openPlace, type Place } from './place.ts';
import { promptlayer as promptLayer } from '../support/providers/promptlayer.ts';

const FOLDER = join('.rowmill', 'dev');
let place: Place;
const cleanUp: (() => unknown)[] = [];
beforeEach(async () => {
  place = await openPlace(FOLDER);
});
afterEach(async () => {
  for (const step of cleanUp.splice(0)) await step();
  await place.remove();
});

test('the printed environment is enough for another shell', async () => {
  const dev = rowmill(['dev', '--speed', '600'], place);
  cleanUp.push(() => dev.child.kill('SIGKILL'));
  let text = '';
  dev.child.stdout?.on('data', (chunk: string) => (text += chunk));
  const over = dev.ended.then(({ stderr }) => Promise.reject(new Error(stderr)));
  const up = eventually('it is up', () => text.includes('Ctrl-C'));
  await Promise.race([up, over]);
  over.catch(() => undefined);
  const env = Object.fromEntries(
    [...text.matchAll(/export (\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]),
  );

  const elsewhere = join(place.cwd, 'elsewhere');
  await mkdir(elsewhere);
  await writeFile(join(elsewhere, 'companies.csv'), COMPANIES);
  await writeFile(join(elsewhere, 'pipeline.json'), pipelineText());
  const promptlayer = pipelineText({
    provider: 'promptlayer',
    table: promptLayer.tables.one,
    rows: { from: 'companies.csv', key: 'Symbol', map: { Company: 'Security' } },
  });
  await writeFile(join(elsewhere, 'promptlayer.json'), promptlayer);
  const other = { cwd: elsewhere, env };
  const doctor = await rowmill(['doctor', '--json'], other).endsWith(0);
  const { ok, checks } = JSON.parse(doctor.stdout) as {
    ok: boolean;
    checks: { name: string; health: string }[];
  };
  expect(ok).toBe(true);
  expect(checks.filter(({ health }) => health !== 'ok')).toEqual([]);
  expect(checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'node',
      'store',
      'extruct account',
      'promptlayer account',
      'temporal',
      'worker',
    ]),
  );
  expect(doctor.stdout).not.toContain(env['EXTRUCT_API_TOKEN']);
  expect(doctor.stdout).not.toContain(env['PROMPTLAYER_API_KEY']);

  for (const file of ['pipeline.json', 'promptlayer.json']) {
    const run = await rowmill(['run', file, '--json'], other).endsWith(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ rows: 3 });
  }

  // A shell in the folder of `dev` needs no exports.
  const inFolder = { cwd: place.cwd, env: {} };
  const listed = await rowmill(['list', '--json'], inFolder).endsWith(0);
  expect(listed.stderr).toContain('Uses `rowmill dev` of this folder');
  const { runs } = JSON.parse(listed.stdout) as { runs: { workflowId: string }[] };
  expect(runs).toHaveLength(2);
  for (const { workflowId } of runs) {
    await dev.says(`${workflowId} started  http://`);
    await dev.says(new RegExp(`${workflowId} (completed|partial), 3 rows, .* {2}http://`));
  }

  dev.child.kill('SIGTERM');
  await dev.endsWith(0);
  const after = await rowmill(['list', '--json'], { cwd: place.cwd, env: place.env }).ended;
  expect(after.stderr).not.toContain('Uses `rowmill dev`');
  expect(readServerState(join(place.cwd, FOLDER, 'temporal.db'))).toBeNull();
});

test('a taken port that was asked for ends dev with 2', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  cleanUp.push(() => taken.close());
  const { port } = taken.address() as AddressInfo; // a TCP server has this kind of address
  const dev = rowmill(['dev', '--port', String(port)], place);
  const { stderr } = await dev.endsWith(2);
  expect(stderr).toContain(`error[port_in_use] 127.0.0.1: port ${port} is in use`);
  expect(readServerState(join(place.cwd, FOLDER, 'temporal.db'))).toBeNull();
});

test('a second one in the same folder is refused with the name of the first', async () => {
  const first = rowmill(['dev'], place);
  cleanUp.push(() => first.child.kill('SIGKILL'));
  let text = '';
  first.child.stdout?.on('data', (chunk: string) => (text += chunk));
  await eventually('it is up', () => text.includes('Ctrl-C'));

  const { stderr } = await rowmill(['dev'], place).endsWith(2);
  expect(stderr).toMatch(/^Waiting for process \d+, which uses .*sandbox\.journal …$/m);
  expect(stderr).toMatch(/error\[usage\] .*: process \d+ uses this folder already\n/);
  expect(stderr).toContain('→ Go on with the `rowmill dev` or `rowmill demo` that runs there');

  expect(first.child.exitCode).toBeNull();
  first.child.kill('SIGTERM');
  await first.endsWith(0);
});

test('with payload keys only the UI can decode by the codec that runs beside it', async () => {
  const key = `here:${Buffer.alloc(32, 1).toString('base64')}`;
  const env = { ...place.env, ROWMILL_PAYLOAD_KEYS: key };
  const dev = rowmill(['dev'], { cwd: place.cwd, env });
  cleanUp.push(() => dev.child.kill('SIGKILL'));
  let text = '';
  dev.child.stdout?.on('data', (chunk: string) => (text += chunk));
  await eventually('it is up', () => text.includes('Ctrl-C'));
  expect(text).not.toContain(key);
  const [, ui = ''] = /^Temporal UI +(\S+)$/m.exec(text) ?? [];
  const settings = (await (await fetch(`${ui}/api/v1/settings`)).json()) as {
    Codec: { Endpoint: string };
  };
  const endpoint = settings.Codec.Endpoint;
  expect(text).toContain(endpoint);
  // A shell in the folder reads what is encrypted without a key of its own.
  await writeFile(join(place.cwd, 'companies.csv'), COMPANIES);
  await writeFile(join(place.cwd, 'pipeline.json'), pipelineText());
  const here = { cwd: place.cwd, env: {} };
  await rowmill(['run', 'pipeline.json', '--id', 'sealed', '--json'], here).endsWith(0);
  const [payload] = await inputOf(ui, 'sealed');
  expect(Buffer.from(payload?.metadata.encoding ?? '', 'base64').toString()).toBe(
    'binary/encrypted',
  );
  const decode = (origin: string): Promise<Response> =>
    fetch(`${endpoint}/decode`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-namespace': 'default', origin },
      body: JSON.stringify({ payloads: [payload] }),
    });
  const { payloads } = (await (await decode(new URL(ui).origin)).json()) as {
    payloads: { data: string }[];
  };
  expect(Buffer.from(payloads[0]?.data ?? '', 'base64').toString()).toContain('cli-test');
  expect((await decode('http://127.0.0.1:3000')).status).toBe(403);
  dev.child.kill('SIGTERM');
  await dev.endsWith(0);
});

interface JsonPayload {
  metadata: { encoding: string };
  data: string;
}

/** The input of a run, as the UI reads it. */
async function inputOf(ui: string, id: string): Promise<JsonPayload[]> {
  const path = `/api/v1/namespaces/default/workflows/${id}/history?maximumPageSize=1`;
  const { history } = (await (await fetch(`${ui}${path}`)).json()) as {
    history: {
      events: { workflowExecutionStartedEventAttributes: { input: { payloads: JsonPayload[] } } }[];
    };
  };
  const [started] = history.events;
  return started?.workflowExecutionStartedEventAttributes.input.payloads ?? [];
}
