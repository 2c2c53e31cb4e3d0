import { types } from 'node:util';
import type { Dispatcher } from 'undici';
import { FenceClosed, type Fence } from '../fence.ts';

export interface Outgoing {
  /** Scheme, host and port. */
  origin: string;
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path with prefix and query. */
  path: string;
  headers: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
  totalTimeoutMs: number;
  /** Maximum bytes of a success reply; of an error page at most `ERROR_BODY_BYTES` are read. */
  maxBodyBytes: number;
  /** Called when the request is sent on a connection. */
  onSent: () => void;
}

/** Bounds of a request that changes something. */
export interface Passage extends Pick<Fence, 'isOpen'> {
  /** Breaks the request off: `failed`, as by a broken connection. */
  closing: AbortSignal;
}

export type Incoming =
  | {
      kind: 'reply';
      status: number;
      headers: Record<string, string>;
      body: Buffer;
      incomplete: Incomplete | null;
    }
  /** No status was received. `sent`: the request may have been carried out. */
  | { kind: 'failed'; sent: boolean; error: Error };

/** Reason why a body is incomplete. */
export type Incomplete = { why: 'too large' } | { why: 'failed'; error: Error };

export class TotalTimeoutError extends Error {
  override readonly name = 'TotalTimeoutError';
  readonly code = 'TOTAL_TIMEOUT';
}

/** Maximum bytes read of an error page, which is only quoted. */
export const ERROR_BODY_BYTES = 64 * 1024;

/**
 * Sends one request and reads its reply, and reports whether it was sent at all. Uses undici's
 * `dispatch`, which shows when a request leaves on a connection, while `request` does not: whether
 * a repeat may pay twice depends on it.
 *
 * Rejects only with the reason of the signal, unwrapped.
 */
export function sendOnce(
  dispatcher: Dispatcher,
  outgoing: Outgoing,
  passage?: Passage,
): Promise<Incoming> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let settled = false;
    let head: { status: number; headers: Record<string, string> } | undefined;
    let bytes = 0;
    const chunks: Buffer[] = [];
    const { signal } = outgoing;

    const settle = (answer: () => void, stop?: Error): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      passage?.closing.removeEventListener('abort', closed);
      answer();
      if (stop !== undefined) controller?.abort(stop);
    };
    const reply = (incomplete: Incomplete | null, stop?: Error): void => {
      const { status, headers } = head ?? { status: 0, headers: {} };
      settle(
        () => resolve({ kind: 'reply', status, headers, body: Buffer.concat(chunks), incomplete }),
        stop,
      );
    };
    const fail = (error: Error, stop?: Error): void => {
      if (head !== undefined) {
        reply({ why: 'failed', error }, stop);
        return;
      }
      settle(() => resolve({ kind: 'failed', sent: controller !== undefined, error }), stop);
    };
    // The reason may be any value and is passed on unchanged.
    const aborted = (): void => settle(() => reject(signal?.reason as Error), new Error('aborted'));
    const closed = (): void => fail(new FenceClosed(), new FenceClosed());
    const timer = setTimeout(() => {
      const error = new TotalTimeoutError(`no whole reply in ${outgoing.totalTimeoutMs} ms`);
      fail(error, error);
    }, outgoing.totalTimeoutMs);
    if (signal?.aborted === true) {
      aborted();
      return;
    }
    signal?.addEventListener('abort', aborted);
    passage?.closing.addEventListener('abort', closed);

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        // Aborted while waiting for a connection: the request must not be sent any more.
        if (settled) {
          started.abort(new Error('given up'));
          return;
        }
        // It may have waited for a connection, or the process may have stood still.
        if (passage?.isOpen() === false) {
          closed();
          started.abort(new FenceClosed());
          return;
        }
        controller = started;
        outgoing.onSent();
      },
      onResponseStart(_controller, status, headers) {
        if (status < 200) return;
        head = { status, headers: singleValues(headers) };
      },
      onResponseData(_controller, chunk) {
        const limit =
          head !== undefined && head.status >= 300 ? ERROR_BODY_BYTES : outgoing.maxBodyBytes;
        bytes += chunk.length;
        if (bytes > limit) {
          reply({ why: 'too large' }, new Error('body too large'));
          return;
        }
        chunks.push(chunk);
      },
      onResponseEnd: () => reply(null),
      onResponseError: (_controller, error) => fail(error),
    };
    const { origin, method, path, headers, body } = outgoing;
    try {
      dispatcher.dispatch({ origin, method, path, headers, body: body ?? null }, handler);
    } catch (error) {
      fail(types.isNativeError(error) ? error : new Error(String(error)));
    }
  });
}

function singleValues(
  headers: Record<string, string | string[] | undefined>,
): Record<string, string> {
  const single: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined)
      single[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return single;
}
