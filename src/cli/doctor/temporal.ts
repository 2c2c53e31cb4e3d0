import type { Client } from '@temporalio/client';
import { connectTemporal, temporalTarget, type TemporalLink } from '../../temporal/connection.ts';
import { openClient } from '../../temporal/data-converter.ts';
import { pollersOf, QUEUE_TYPE, type Poller, type QueueType } from '../../temporal/task-queue.ts';
import { pollQueueOf } from '../../contract/names.ts';
import { missingSearchAttributes } from '../../temporal/search-attributes.ts';
import { RowmillError } from '../../errors.ts';
import type { Env } from '../io/context.ts';
import { taskQueueOf } from '../../env.ts';
import { checkKeysInUse } from './encryption.ts';
import { fail, failed, ok, warn, type Finding } from './finding.ts';

const ANSWER_WITHIN_MS = 4_000;

/** Checks the server, its search attributes, and its workers. */
export async function checkTemporal(env: Env): Promise<Finding[]> {
  let link: TemporalLink;
  try {
    link = await connectTemporal({ env, timeoutMs: ANSWER_WITHIN_MS });
  } catch (error) {
    return [unreachable(env, error)];
  }
  const { connection, address, namespace, serverVersion } = link;
  const server = ok('temporal', `${address}, server ${serverVersion || 'of a service'}`);
  try {
    const found = await namespaceFinding(link);
    if (found.health === 'fail') return [server, found];
    // Reads nothing that is encrypted.
    const client = openClient({ connection, namespace }, {});
    const [attributes, worker, keys] = await Promise.all([
      attributesFinding(link),
      workerFinding(client, taskQueueOf(env)),
      checkKeysInUse(client, env),
    ]);
    return [server, found, attributes, worker, ...keys];
  } finally {
    await connection.close();
  }
}

function unreachable(env: Env, error: unknown): Finding {
  const noAnswer = error instanceof RowmillError && error.code === 'temporal_unreachable';
  if (!noAnswer || temporalTarget({ env }).configured) return failed('temporal', error);
  // No server is configured.
  return warn('temporal', 'TEMPORAL_ADDRESS is not set and nothing is at localhost:7233', START);
}

const START = 'Start one with `rowmill dev`, or run with --embedded.';

async function namespaceFinding({ connection, namespace }: TemporalLink): Promise<Finding> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
    return ok('namespace', namespace);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail('namespace', `${namespace}: ${why}`, 'Check TEMPORAL_NAMESPACE, or create it.');
  }
}

async function attributesFinding({ connection, namespace }: TemporalLink): Promise<Finding> {
  const name = 'search';
  const without = 'A worker adds them at its start where it may; runs do without them.';
  try {
    const missing = await missingSearchAttributes(connection, namespace);
    if (missing.length === 0) return ok(name, 'search attributes are registered');
    return warn(name, `search attributes are missing: ${missing.join(', ')}`, without);
  } catch {
    return warn(name, 'search attributes cannot be listed from here', without);
  }
}

async function workerFinding(client: Client, taskQueue: string): Promise<Finding> {
  const queues: [string, QueueType][] = [
    [taskQueue, QUEUE_TYPE.workflow],
    [taskQueue, QUEUE_TYPE.activity],
    [pollQueueOf(taskQueue), QUEUE_TYPE.activity],
  ];
  const pollers = await Promise.all(queues.map(([queue, type]) => pollersOf(client, queue, type)));
  const fewest = (count: (of: Poller[]) => number): number => Math.min(...pollers.map(count));
  const live = fewest((of) => identities(of.filter((poller) => poller.live)));
  if (live > 0) return ok('worker', `${live} on task queue ${taskQueue}`);
  const remembered = fewest(identities);
  const remedy = 'Start one: `rowmill worker` (or `rowmill dev`, or run with --embedded).';
  if (remembered > 0) {
    const what = `${remembered} on task queue ${taskQueue}, but silent for 90 s by the clock of this machine`;
    return warn('worker', what, `Check that clock, or whether they still run. ${remedy}`);
  }
  const idle = queues.filter((_, at) => pollers[at]?.length === 0).map(([queue]) => queue);
  return warn('worker', `none on ${[...new Set(idle)].join(' and ')}`, remedy);
}

const identities = (pollers: Poller[]): number =>
  new Set(pollers.map(({ identity }) => identity)).size;
