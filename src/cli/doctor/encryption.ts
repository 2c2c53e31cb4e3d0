import type { Client } from '@temporalio/client';
import { BUDGET_WORKFLOW_TYPE } from '../../contract/budget.ts';
import { LEASE_WORKFLOW_TYPE, WORKFLOW_TYPE } from '../../contract/names.ts';
import { keyIdOf } from '../../temporal/payload-codec.ts';
import { payloadKeysOf } from '../../temporal/payload-keys.ts';
import type { Env } from '../io/context.ts';
import { fail, failed, ok, type Finding } from './finding.ts';

/** Reports whether what Temporal holds is encrypted from here, and the ids of the keys. */
export function checkEncryption(env: Env): Finding {
  const name = 'encryption';
  try {
    const [newest, ...older] = payloadKeysOf(env).map(({ id }) => id);
    if (newest === undefined) {
      return ok(name, 'off: Temporal holds prompts, paths and inline rows as plain text');
    }
    const also = older.length === 0 ? '' : `; decrypted too: ${older.join(', ')}`;
    return ok(name, `on: the key ${newest} encrypts${also}`);
  } catch (error) {
    return failed(name, error);
  }
}

/** Most runs and schedules that are looked at. */
const MOST = 200;

/**
 * Reports which keys the runs in progress and the schedules need, as far as they are encrypted; nothing if
 * none is.
 */
export async function checkKeysInUse(client: Client, env: Env): Promise<Finding[]> {
  const name = 'payload keys';
  const used = new Map<string, number>();
  const count = (id: string | null): void => {
    if (id !== null) used.set(id, (used.get(id) ?? 0) + 1);
  };
  for (const each of [keysOfRuns, keysOfSchedules]) {
    // An account may be allowed less; what does not answer is reported by other checks.
    (await each(client).catch(() => [])).forEach(count);
  }
  if (used.size === 0) return [];
  let known: Set<string>;
  try {
    known = new Set(payloadKeysOf(env).map(({ id }) => id));
  } catch {
    // Reported by `checkEncryption`.
    return [];
  }
  const text = `used by runs in progress and schedules: ${listOf([...used])}`;
  const missing = [...used].filter(([id]) => !known.has(id));
  if (missing.length === 0) return [ok(name, text)];
  const remedy = 'Add them to ROWMILL_PAYLOAD_KEYS here, behind the first.';
  return [fail(name, `${text}; not here: ${missing.map(([id]) => id).join(', ')}`, remedy)];
}

const listOf = (used: [string, number][]): string =>
  used
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, times]) => `${id} (${times})`)
    .join(', ');

const TYPES = [WORKFLOW_TYPE, BUDGET_WORKFLOW_TYPE, LEASE_WORKFLOW_TYPE];

/** Reads the first event of each: what it was started with decides which key is needed longest. */
async function keysOfRuns(client: Client): Promise<(string | null)[]> {
  const { namespace } = client.options;
  const types = TYPES.map((type) => `WorkflowType = '${type}'`).join(' OR ');
  const { executions } = await client.workflowService.listWorkflowExecutions({
    namespace,
    query: `ExecutionStatus = 'Running' AND (${types})`,
    pageSize: MOST,
  });
  return eachKey(
    executions.map(async ({ execution }) => {
      const { history } = await client.workflowService.getWorkflowExecutionHistory({
        namespace,
        execution: execution ?? null,
        maximumPageSize: 1,
      });
      const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
      const [input] = started?.input?.payloads ?? [];
      return input === undefined ? null : keyIdOf(input);
    }),
  );
}

async function keysOfSchedules(client: Client): Promise<(string | null)[]> {
  const { namespace } = client.options;
  const { schedules } = await client.workflowService.listSchedules({
    namespace,
    maximumPageSize: MOST,
  });
  return eachKey(
    schedules.map(async ({ scheduleId }) => {
      const { schedule } = await client.workflowService.describeSchedule({
        namespace,
        scheduleId: scheduleId ?? '',
      });
      const [input] = schedule?.action?.startWorkflow?.input?.payloads ?? [];
      return input === undefined ? null : keyIdOf(input);
    }),
  );
}

/** Passes over what has ended or was deleted meanwhile. */
const eachKey = (asked: Promise<string | null>[]): Promise<(string | null)[]> =>
  Promise.all(asked.map((one) => one.catch(() => null)));
