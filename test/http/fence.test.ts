import { afterEach, expect, test } from '@jest/globals';
import { withinFence, type Fence } from '../../src/fence.ts';
import { takenOver } from '../support/closed-fence.ts';
import { eventually } from '../support/eventually.ts';
import { clientOf, failureOf, get, post } from './calls.ts';
import { closeServers, json, serve } from './server.ts';

afterEach(closeServers);

/** Lets a change begin, and closes before it leaves. */
const CLOSED: Fence = {
  isOpen: () => false,
  change: (change) => change(new AbortController().signal),
};

test('what changes something is not sent by a step that is over', async () => {
  const server = await serve(json({}));
  const client = clientOf(server.url);
  await expect(takenOver(() => post(client))).rejects.toMatchObject({ code: 'step_taken_over' });
  expect(server.received).toEqual([]);
});

test('a request that waited for a connection while the fence closed is known as not sent', async () => {
  const server = await serve(json({}));
  const failure = await withinFence(CLOSED, () => failureOf(post(clientOf(server.url))));
  expect(failure).toMatchObject({ code: 'provider_unreachable', ambiguous: false });
  expect(server.received).toEqual([]);
});

test('a request that is cut when the fence closes is ambiguous', async () => {
  const closing = new AbortController();
  const server = await serve(() => undefined);
  const open: Fence = { isOpen: () => true, change: (change) => change(closing.signal) };
  const failed = withinFence(open, () => failureOf(post(clientOf(server.url))));
  await eventually('it has arrived', () => server.received.length === 1);
  closing.abort();
  expect(await failed).toMatchObject({ code: 'provider_unreachable', ambiguous: true });
});

test('a read needs no open fence', async () => {
  const server = await serve(json({}));
  await takenOver(() => get(clientOf(server.url)));
  expect(server.received).toHaveLength(1);
});
