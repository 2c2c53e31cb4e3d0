import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Intercept } from '../../sandbox/index.ts';
import { pipelineText, COMPANIES, rowmill } from '../cli/command.ts';
import {
  queueOf,
  startWorkerProcess,
  workerEnv,
  type WorkerProcess,
} from '../cli-processes/worker-process.ts';
import { plainText } from '../support/invariants/evidence.ts';
import { startTestEnv, TOKEN, type TestEnv } from '../support/test-env.ts';
import { filesIn } from '../support/files-in.ts';

/** Number of replies in which the API gave the token back. */
let echoes = 0;

/** The worst an API can do with a token: say it in every kind of error. */
const echo: Intercept = ({ phase, method, route, nth }) => {
  // Of readings that are tried again at once: after others a run takes its time to see what they did.
  const quick = method === 'GET' && route !== '/v1/tables';
  if (phase !== 'before' || nth > 2 || !quick) return undefined;
  echoes += 1;
  const text = `no Bearer ${TOKEN} (${Buffer.from(TOKEN).toString('base64')}) here`;
  const headers = { 'content-type': 'application/json', 'x-request-id': TOKEN };
  return nth === 1
    ? { do: 'reply', status: 503, headers, body: JSON.stringify({ detail: text }) }
    : { do: 'reply', status: 429, headers: { ...headers, 'retry-after': '0' }, body: text };
};

let testEnv: TestEnv;
let worker: WorkerProcess;
/** Everything that others may read, by where it is. */
const texts = new Map<string, string>();

beforeAll(async () => {
  testEnv = await startTestEnv({
    sandbox: { failRate: 0.2, alwaysFailsRate: 0.1, intercept: echo },
  });
  await writeFile(join(testEnv.folder, 'pipeline.json'), pipelineText({ name: 'shown' }));
  await writeFile(join(testEnv.folder, 'companies.csv'), COMPANIES);
  worker = await startWorkerProcess(testEnv, { ROWMILL_LOG_LEVEL: 'trace' });
  const id = `shown-${testEnv.taskQueue}`;
  await say('check', 'pipeline.json', '--json');
  await say('doctor', '--json');
  await say('run', 'pipeline.json', '--id', id, '--json');
  for (const look of ['status', 'watch', 'results']) await say(look, id);
  await say('list', '--json');
  await say('status', id, '--json');
  const handle = testEnv.client.workflow.getHandle(id);
  texts.set('history', plainText(await handle.fetchHistory()));
  texts.set('description', plainText(await handle.describe()));
  texts.set('details', plainText(await handle.query('__temporal_workflow_metadata')));
  texts.set('progress', plainText(await handle.query('progress')));
  for (const page of ['live', 'ready', 'metrics']) {
    texts.set(page, await (await fetch(`${worker.healthUrl}/${page}`)).text());
  }
  worker.child.kill('SIGTERM');
  texts.set('worker log', JSON.stringify(await worker.ended));
  for (const path of await filesIn(testEnv.folder)) texts.set(path, await readFile(path, 'latin1'));
});
afterAll(async () => {
  worker.child.kill('SIGKILL');
  await testEnv.close();
});

/** A command with the token in its environment. */
async function say(...args: string[]): Promise<void> {
  const env = { ...workerEnv(testEnv), ROWMILL_TASK_QUEUE: queueOf(testEnv) };
  texts.set(
    args.join(' '),
    JSON.stringify(await rowmill(args, { cwd: testEnv.folder, env }).ended),
  );
}

const FORMS = [
  TOKEN,
  TOKEN.toUpperCase(),
  encodeURIComponent(TOKEN),
  Buffer.from(TOKEN).toString('base64').replace(/=+$/, ''),
  Buffer.from(TOKEN).toString('hex'),
  // The head of it, cut anywhere.
  TOKEN.slice(0, 20),
];

test('a token that the API repeats in every error is in no text that a user can read', () => {
  expect(echoes).toBeGreaterThan(5);
  // Errors are repeated in place, and a step that got through has nothing to log.
  expect(texts.get('worker log')).toContain('worker started');
  expect(texts.get('history')).toContain('enrichTable');
  expect(texts.get('metrics')).toContain('rowmill_api_requests_total');
  expect(texts.size).toBeGreaterThan(18);
  const found = [...texts].flatMap(([where, text]) =>
    FORMS.flatMap((form) => (text.includes(form) ? [`${form} in ${where}`] : [])),
  );
  expect(found).toEqual([]);
});
