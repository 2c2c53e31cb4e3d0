import { afterEach, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { summaryText } from '../../src/cli/io/summary.ts';
import { cancelRun } from '../../src/client/runs/cancel.ts';
import { ownedMemo } from '../../src/client/runs/lookup/ownership.ts';
import { endedRunFolder } from '../../src/client/runs/files/results.ts';
import { RUN_FILE } from '../../src/contract/names.ts';
import type { NeedDetails } from '../../src/contract/notifications.ts';
import type { RunFinished, RunProgress, RunSummary } from '../../src/contract/run.ts';
import type { SandboxOptions } from '../../sandbox/index.ts';
import {
  pipelineInputFor,
  startTestEnv,
  type TestEnv,
  TOKEN,
  type TestEnvOptions,
} from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { stageIs } from '../support/run-stage.ts';

const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const ROWS = [{ Symbol: 'S0', Security: 'Company 0' }];
const CLEAN = { failRate: 0, alwaysFailsRate: 0 };

let testEnv: TestEnv;
let server: Server;
afterEach(async () => {
  await testEnv.close();
  await new Promise((resolve) => server.close(resolve));
});

interface Received {
  id: string;
  path: string;
  message: RunFinished;
}

/** Verifies what it gets; fails the first `failures` times. */
async function receiver(failures: number) {
  const received: Received[] = [];
  const toSlack: string[] = [];
  let left = failures;
  server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    request.on('end', () => {
      const { headers } = request;
      if (request.url?.startsWith('/slack') === true) {
        toSlack.push(text);
        response.writeHead(200).end('ok');
        return;
      }
      const signed = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
      const message = new Webhook(SECRET).verify(
        text,
        Object.fromEntries(signed.map((name) => [name, String(headers[name])])),
      );
      // Verified above to be what was signed.
      const reported = message as RunFinished;
      received.push({
        id: String(headers['webhook-id']),
        path: request.url ?? '',
        message: reported,
      });
      const gone = request.url?.startsWith('/gone') === true;
      response.writeHead(gone ? 410 : (left -= 1) >= 0 ? 503 : 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has such an address.
  return { received, toSlack, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function run(pipeline: Record<string, unknown>) {
  return testEnv.client.workflow.start('enrichTable', {
    workflowId: `notify-${testEnv.taskQueue}`,
    taskQueue: testEnv.taskQueue,
    args: [await pipelineInputFor(testEnv, ROWS, pipeline)],
  });
}

const openWith = async (
  url: string,
  sandbox: Partial<SandboxOptions> = CLEAN,
  more: TestEnvOptions = {},
): Promise<void> => {
  testEnv = await startTestEnv({
    sandbox,
    ...more,
    webhookEnv: {
      ROWMILL_WEBHOOK_SECRET: SECRET,
      ROWMILL_WEBHOOK_SECRET_ORIGINS: url,
      ROWMILL_WEBHOOK_ALLOW_PRIVATE: '1',
      SLACK_WEBHOOK_URL: `${url}/slack/services/T0`,
    },
  });
};

test('the end is delivered once under one id, whatever the receiver answers', async () => {
  const { received, url } = await receiver(1);
  await openWith(url);
  const handle = await run({
    notify: [
      { url: `${url}/hook`, on: ['completed'] },
      { url: `${url}/never`, on: ['failed'] },
      { url: `${url}/gone?token=s3cret` },
    ],
  });
  const summary = (await handle.result()) as RunSummary;
  expect(summary.outcome).toBe('completed');
  const { notified, ...beforeTold } = summary;
  expect(notified).toMatchObject([{ status: 'delivered' }, { status: 'failed' }]);
  expect(summaryText(summary, null)).toMatch(/webhook +not delivered to .*\/gone: .*410/);
  const hooks = received.filter(({ path }) => path === '/hook');
  expect(hooks).toHaveLength(2);
  expect(new Set(hooks.map(({ id }) => id)).size).toBe(1);
  expect(hooks[0]?.message).toMatchObject({
    type: 'run.finished',
    data: { ...beforeTold, reason: null },
  });
  expect(received.some(({ path }) => path === '/never')).toBe(false);
  const manifest: unknown = JSON.parse(await readFile(summary.manifest ?? '', 'utf8'));
  expect(manifest).toMatchObject({
    outcome: 'completed',
    notifications: [
      { url: `${url}/hook`, status: 'delivered', problem: null, id: hooks[0]?.id },
      { url: `${url}/gone`, status: 'failed', problem: expect.stringContaining('410') },
    ],
  });
  expect(JSON.stringify(manifest)).not.toContain('s3cret');
  expect(JSON.stringify(await handle.fetchHistory())).not.toContain(SECRET);
});

test('a run that failed before it had a table is reported with the reason', async () => {
  const { received, url } = await receiver(0);
  await openWith(url);
  const handle = await run({ spend: { maxCredits: 0 }, notify: [{ url }] });
  await expect(handle.result()).rejects.toThrow();
  expect(received).toHaveLength(1);
  expect(received[0]?.message.data).toMatchObject({
    workflowId: handle.workflowId,
    outcome: 'failed',
    tableId: null,
    results: [],
    reason: expect.stringContaining('maxCredits'),
  });
});

test('a run whose deliveries fail has its results', async () => {
  // It never takes it.
  const { received, url } = await receiver(Number.POSITIVE_INFINITY);
  await openWith(url);
  const handle = await run({ notify: [{ url }] });
  await eventually('it was tried', () => received.length > 0);
  const folder = await endedRunFolder(testEnv.store, await handle.describe());
  expect(await folder.exists(RUN_FILE.results)).toBe(true);
  await expect(cancelRun(testEnv.client, handle.workflowId)).rejects.toMatchObject({
    code: 'action_refused',
    what: expect.stringContaining('completed'),
  });
  await handle.terminate('the test has seen it');
});

test.each([
  ['of the same owner is named', 'billing'],
  ['of another owner is not named', 'sales'],
  ['without an owner is not named', undefined],
])('in a message to an owner, the run whose fuller results were replaced %s', async (_, first) => {
  const { received, url } = await receiver(0);
  await openWith(url, { failRate: 0.3, alwaysFailsRate: 0.3 });
  const play = async (name: string, owner: string | undefined, rows: number) => {
    const companies = Array.from({ length: rows }, (_row, n) => ({
      Symbol: `S${n}`,
      Security: `Company ${n}`,
    }));
    const pipeline = { name: 'companies', run: { failedPasses: 0 }, notify: [{ url }] };
    const handle = await testEnv.client.workflow.start('enrichTable', {
      workflowId: `notify-${name}-${testEnv.taskQueue}`,
      taskQueue: testEnv.taskQueue,
      memo: ownedMemo({ owner }),
      args: [await pipelineInputFor(testEnv, companies, pipeline)],
    });
    await handle.result();
    return handle.workflowId;
  };
  const before = await play('before', first, 12);
  await play('after', 'billing', 6);
  const { data } = received.at(-1)?.message ?? {};
  const workflowId = first === 'billing' ? before : null;
  expect(data?.replacedFuller).toMatchObject([{ existing: { workflowId } }]);
  expect(data?.changes).toMatchObject({ since: workflowId });
});

const needsOf = (received: readonly Received[]): { type: string; data: NeedDetails }[] =>
  received
    .map(({ message }) => message as unknown as { type: string; data: NeedDetails })
    .filter(({ type }) => type.startsWith('run.needs-'));

test('a run that waits for an approval notifies the targets that asked for it', async () => {
  const { received, toSlack, url } = await receiver(0);
  await openWith(url);
  const handle = await run({
    spend: { approveAbove: 0 },
    notify: [
      { url: `${url}/hook`, on: ['needs-approval', 'completed'] },
      { url: `${url}/never`, on: ['needs-credits'] },
      { url: `${url}/gone`, on: ['needs-approval'] },
      { slack: 'SLACK_WEBHOOK_URL' },
    ],
  });
  await eventually('all were notified', () => received.length >= 2 && toSlack.length >= 1);
  expect(needsOf(received)[0]).toMatchObject({
    type: 'run.needs-approval',
    data: {
      workflowId: handle.workflowId,
      what: 'about 1 credits',
      reminder: 0,
      rows: 1,
      command: `rowmill approve ${handle.workflowId}`,
    },
  });
  await eventually('the refusal is known', async () => {
    const { notified } = await handle.query<RunProgress>('progress');
    return notified.length === 3;
  });
  await handle.executeUpdate('approveSpend');
  const summary = (await handle.result()) as RunSummary;
  expect(received.map(({ path }) => path).sort()).toEqual(['/gone', '/hook', '/hook']);
  expect(toSlack.map((text) => (JSON.parse(text) as { text: string }).text)).toEqual([
    expect.stringMatching(/waits for an approval[^]*`rowmill approve /),
    expect.stringMatching(/completed[^]*`rowmill results /),
  ]);
  const sent = [
    { url: `${url}/gone`, event: 'needs-approval', status: 'failed' },
    { url: `${url}/hook`, event: 'needs-approval', status: 'delivered' },
    { url: 'slack:SLACK_WEBHOOK_URL', event: 'needs-approval', status: 'delivered' },
    { url: `${url}/hook`, status: 'delivered' },
    { url: 'slack:SLACK_WEBHOOK_URL', status: 'delivered' },
  ];
  expect(summary.notified).toHaveLength(sent.length);
  expect(summary.notified).toEqual(
    expect.arrayContaining(sent.map((one) => expect.objectContaining(one) as unknown)),
  );
  expect(summaryText(summary, null)).toMatch(/webhook +needs-approval not delivered to .*\/gone/);
  const manifest: unknown = JSON.parse(await readFile(summary.manifest ?? '', 'utf8'));
  expect(manifest).toMatchObject({ notifications: summary.notified });
  expect(JSON.stringify(await handle.fetchHistory())).not.toContain('/slack/services');
});

test('a run reminds only while it waits for credits', async () => {
  const { received, url } = await receiver(0);
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-reminders-'));
  const code = await readFile(process.env['ROWMILL_TEST_BUNDLE'] ?? '', 'utf8');
  const hours = /REMIND_MS = 4 \* 3_?600_?000/;
  expect(code).toMatch(hours);
  const bundlePath = join(folder, 'bundle.js');
  await writeFile(bundlePath, code.replace(hours, 'REMIND_MS = 500'));
  await openWith(url, { ...CLEAN, credits: 0 }, { bundlePath });
  const handle = await run({ notify: [{ url, on: ['needs-credits'] }] });
  await stageIs(handle, 'waiting for credits');
  await eventually('it reminds', () => needsOf(received).some(({ data }) => data.reminder >= 2));
  const reminders = needsOf(received).map(({ data }) => data.reminder);
  expect(reminders).toEqual(reminders.map((_, n) => n));
  expect(needsOf(received)[0]?.data.credits).toMatchObject({ spent: 0, missing: 1 });
  await fetch(`${testEnv.sandbox.url}/_sandbox/credits`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ add: 10 }),
  });
  const summary = (await handle.result()) as RunSummary;
  expect(summary.outcome).toBe('completed');
  // Of one receiver and event the newest delivery is kept.
  expect(summary.notified).toMatchObject([{ event: 'needs-credits', status: 'delivered' }]);
  await rm(folder, { recursive: true, force: true });
});
