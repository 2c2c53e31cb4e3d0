import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from '@temporalio/client';
import { connectTemporal, type TemporalLink } from '../../src/temporal/connection.ts';
import { hasStatus, invalidArgument, isOutage } from '../../src/temporal/grpc-errors.ts';

let link: TemporalLink;
let client: Client;
beforeAll(async () => {
  const address = process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '';
  link = await connectTemporal({ address, env: {}, ignoreProfileFile: true });
  client = new Client({ connection: link.connection });
});
afterAll(() => link.connection.close());

const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => null,
    (error: unknown) => error,
  );

const QUERY = { namespace: 'default', query: 'no such list filter' };

test.each([
  ['a bare call', () => client.workflowService.listWorkflowExecutions(QUERY)],
  ['the client', () => client.workflow.list(QUERY)[Symbol.asyncIterator]().next()],
])('a refused value is reported in the words of the server, asked by %s', async (_by, call) => {
  const error = await errorOf(call());
  expect(invalidArgument(error)).toMatch(/invalid query/);
  expect(hasStatus(error, 'NOT_FOUND', 'INVALID_ARGUMENT')).toBe(true);
  expect(hasStatus(error, 'NOT_FOUND')).toBe(false);
  expect(isOutage(error)).toBe(false);
});

test('what the server does not have is no outage', async () => {
  const error = await errorOf(client.workflowService.describeNamespace({ namespace: 'none' }));
  expect(hasStatus(error, 'NOT_FOUND')).toBe(true);
  expect(invalidArgument(error)).toBeNull();
  expect(isOutage(error)).toBe(false);
});

test('a call that comes too late is an outage', async () => {
  const error = await errorOf(
    link.connection.withDeadline(Date.now() - 1, () => client.workflowService.getClusterInfo({})),
  );
  expect(isOutage(error)).toBe(true);
  expect(hasStatus(error, 'CANCELLED')).toBe(false);
});

test.each([
  ['an error of our own', new Error('14 UNAVAILABLE')],
  ['nothing', undefined],
])('%s is no answer of the server', (_what, error) => {
  expect([isOutage(error), hasStatus(error, 'NOT_FOUND'), invalidArgument(error)]).toEqual([
    ...[false, false, null],
  ]);
});
