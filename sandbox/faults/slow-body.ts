import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesOf } from '../http/encoding.ts';
import type { Outgoing } from '../http/intercept.ts';
import type { SlowBodyPace } from './script.ts';

/** Sends a body bit by bit, until the client has it all, has gone, or the time is over. */
export async function slowBody(
  raw: ServerResponse,
  reply: Outgoing,
  { bytes, everyMs, atMostMs, then }: SlowBodyPace,
  signal: AbortSignal,
): Promise<void> {
  const { status, headers } = reply;
  const all = bytesOf(reply);
  raw.writeHead(status, { ...headers, 'content-length': all.length });
  raw.flushHeaders();
  const endsAtMs = performance.now() + atMostMs;
  let sent = 0;
  while (sent < all.length && performance.now() < endsAtMs && !raw.destroyed) {
    raw.write(all.subarray(sent, sent + bytes));
    sent += bytes;
    await sleep(everyMs, undefined, { ref: false, signal });
  }
  if (sent < all.length && then === 'reset') raw.socket?.resetAndDestroy();
  else raw.end(all.subarray(sent));
}
