import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApplicationFailure, type WorkflowHandle } from '@temporalio/client';
import fc from 'fast-check';
import { existsSync } from 'node:fs';
import type { Json } from '../../src/contract/json.ts';
import { isErrorCode, RowmillError } from '../../src/errors.ts';
import { createProviders } from '../../src/providers/registry.ts';
import { unreadable } from '../../src/rules/input/argument.ts';
import { checkInput } from '../../src/spec/check-input.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { payload } from '../support/payload.ts';
import { CASES, companies } from '../support/providers/cases.ts';
import { FUZZ_LIMIT_MS, fuzzing } from './fuzzing.ts';
import { mutated, mutations } from './mutations.ts';

const providers = createProviders({});

let testEnv: TestEnv;
let started = 0;
beforeAll(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
});
afterAll(() => testEnv.close());

/** The code that a text is refused with; `null` for one that is good. */
function verdictOn(text: string): string | null {
  const given: unknown = JSON.parse(text);
  if (unreadable(given) !== null) return 'spec_invalid';
  try {
    checkInput(given, providers);
    return null;
  } catch (error) {
    if (error instanceof RowmillError) return error.code;
    throw error;
  }
}

const begin = (args: unknown[]): Promise<WorkflowHandle & { firstExecutionRunId: string }> =>
  testEnv.client.workflow.start('enrichTable', {
    workflowId: `fuzz-${(started += 1)}`,
    taskQueue: testEnv.taskQueue,
    args,
  });

/** The code that a run fails with; `null` where it ends well. */
async function codeOf(run: WorkflowHandle): Promise<string | null> {
  try {
    await run.result();
    return null;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof ApplicationFailure) return cause.type ?? '';
    throw error;
  }
}

/** Starts a run with this text as its argument, and sees how it ends. */
async function play(text: string): Promise<void> {
  const verdict = verdictOn(text);
  const run = await begin([payload(text)]);
  // What becomes of a good one is shown elsewhere, and might take its time.
  if (verdict === null) await run.cancel();
  const code = await codeOf(run);
  if (verdict === null) {
    expect(code === null || (isErrorCode(code) && code !== 'internal')).toBe(true);
  } else {
    expect(code).toBe(verdict);
    const key = { workflowId: run.workflowId, firstRunId: run.firstExecutionRunId };
    expect(existsSync(testEnv.store.run(key).path)).toBe(false);
  }
}

describe.each(CASES.map((one) => [one.name, one] as const))('%s', (_provider, one) => {
  let good: Json;
  beforeAll(async () => {
    const more = {
      spend: { creditsPerCell: 1, maxCredits: 30, approveAbove: 20 },
      notify: [{ url: 'https://127.0.0.1:9/hook', on: ['failed'] }],
    };
    const { pipeline } = await pipelineInputFor(testEnv, companies(2), more, one);
    const previousRun = { workflowId: 'before', firstRunId: 'f', tableId: 't' };
    const snapshot = { digest: `sha256:${'0'.repeat(64)}`, rows: 2, bytes: 99 };
    good = JSON.parse(JSON.stringify({ pipeline, approved: true, snapshot, previousRun })) as Json;
  });

  test(
    'a good input with anything changed in it is judged as it is, before anything else',
    async () => {
      const texts = fc.array(mutations, { minLength: 1, maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(texts, async (plans) => {
          await Promise.all(plans.map((plan) => play(mutated(good, plan))));
        }),
        fuzzing(12),
      );
    },
    FUZZ_LIMIT_MS,
  );
});

test(
  'any JSON ends as a failed run with a code',
  async () => {
    const texts = fc.array(fc.json({ maxDepth: 6 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(texts, async (all) => {
        await Promise.all(all.map(play));
      }),
      fuzzing(6),
    );
    expect(testEnv.sandbox.ledger.summary().cellsPaid).toBe(0);
  },
  FUZZ_LIMIT_MS,
);

/** Content of a message: JSON of any kind, or no JSON. */
const carried = fc.oneof(
  fc.json({ maxDepth: 3 }).map((text) => payload(text)),
  fc
    .dictionary(
      fc.constantFrom('by', 'reason', 'deadline', 'maxPollInterval', '__proto__', '\ud83d', ''),
      fc.oneof(
        fc.constantFrom('1h', '1ms', '5s', '366d', '\ud83d', 'x'.repeat(400), 1e9, -1, {}),
        fc.jsonValue({ maxDepth: 1 }),
      ),
    )
    .map((value) => payload(JSON.stringify(value))),
  fc
    .constantFrom('', '{', 'null', '1e400', '['.repeat(20_000) + ']'.repeat(20_000))
    .map((text) => payload(text)),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => payload(bytes)),
  fc
    .constantFrom('binary/null', 'binary/plain', 'json/protobuf', 'x/y', '')
    .map((encoding) => payload('{"by":1}', encoding)),
);

const message = fc.record({
  signal: fc.boolean(),
  name: fc.constantFrom('approveSpend', 'pause', 'resume', 'rerunFailed', 'adjust'),
  args: fc.array(carried, { maxLength: 2 }),
});

test(
  'no update or signal stops a run',
  async () => {
    const input = await pipelineInputFor(testEnv, companies(1), { spend: { approveAbove: 0 } });
    let run = await begin([input]);
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 4 }), async (messages) => {
        // One that was approved goes on, and comes to its end.
        if ((await run.describe()).status.name !== 'RUNNING') run = await begin([input]);
        await Promise.all(
          messages.map(async ({ signal, name, args }) => {
            const update = { args: args as [unknown, ...unknown[]] };
            const sent = signal ? run.signal(name, ...args) : run.executeUpdate(name, update);
            // Refused, or taken; it may also have ended in between.
            await sent.catch(() => undefined);
          }),
        );
        await run.query('progress');
      }),
      fuzzing(40),
    );
    await run.cancel();
    expect([null, 'CancelledFailure']).toContain(await codeOf(run));
  },
  FUZZ_LIMIT_MS,
);
