import { errors, Pool, type Dispatcher } from 'undici';
import { bytesOf } from '../../../../sandbox/http/encoding.ts';
import type { Outgoing } from '../../../../sandbox/index.ts';
import type { SlowBodyPace } from '../../../../sandbox/faults/script.ts';
import type { Appointment } from '../virtual-time.ts';
import { actingProcess, stage, currentStep, type Stage } from './stage.ts';
import type { WorkerProcess } from './worker-process.ts';

/** One way, between worker and API. */
const WAY_MS = 20;
/** Time for the head of a reply, as the HTTP client sets it. */
const HEAD_WITHIN_MS = 60_000;
const PIECE_WITHIN_MS = 30_000;

/** Reply over a connection. */
export type Transmission =
  | { how: 'whole' | 'reset'; reply: Sent }
  | { how: 'cut'; reply: Sent; bytes: number }
  | { how: 'slow-body'; reply: Sent; pace: SlowBodyPace };

/** A reply whose body may be bytes already. */
type Sent = Omit<Outgoing, 'body'> & { body: string | Buffer };

/** One request on a connection of its own, from the worker's side and from the API's. */
class Exchange {
  readonly #stage: Stage;
  readonly #worker: WorkerProcess | null;
  readonly #attempt = currentStep.getStore();
  readonly #options: Dispatcher.DispatchOptions;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #controller: Dispatcher.DispatchController;
  #over = false;
  #timeout: Appointment | null = null;

  constructor(at: Stage, options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
    this.#stage = at;
    this.#worker = actingProcess();
    this.#options = options;
    this.#handler = handler;
    this.#controller = {
      aborted: false,
      paused: false,
      reason: null,
      rawHeaders: null,
      rawTrailers: null,
      abort: (reason: Error) => this.#fail(reason),
      pause: () => undefined,
      resume: () => undefined,
    };
  }

  start(): void {
    this.#in(1, () => {
      this.#handler.onRequestStart?.(this.#controller, {});
      if (this.#over) return;
      // It is on its way: killed from here on, the worker cannot call it back.
      if (this.#options.method !== 'GET') this.#attempt?.change(`${this.#options.method} request`);
      this.#worker?.step();
      const laterMs = this.#worker?.commitsLaterMs ?? 0;
      const heldMs = this.#worker?.answeredLaterMs ?? 0;
      this.#stage.timeline.in(WAY_MS + laterMs, () => this.#arrive(heldMs), null);
      this.#wait(HEAD_WITHIN_MS, () => new errors.HeadersTimeoutError());
    });
  }

  #arrive(heldMs: number): void {
    const { method, path, headers, body } = this.#options;
    const request = {
      method,
      path,
      // The HTTP client of the product sends a plain object.
      headers: headers as Record<string, string>,
      body: typeof body === 'string' ? body : undefined,
    };
    void this.#stage.network(request).then((sent) => {
      if (heldMs === 0) this.#transmit(sent);
      else this.#stage.timeline.in(heldMs, () => this.#transmit(sent), null);
    });
  }

  #transmit(sent: Transmission): void {
    if (sent.how === 'reset') {
      this.#in(WAY_MS, () => this.#fail(brokenOff()));
      return;
    }
    const body = bytesIn(sent.reply);
    this.#in(WAY_MS, () => {
      this.#wait(PIECE_WITHIN_MS, () => new errors.BodyTimeoutError());
      const headers = { ...sent.reply.headers, 'content-length': String(body.length) };
      this.#handler.onResponseStart?.(this.#controller, sent.reply.status, headers);
    });
    if (sent.how === 'cut') {
      this.#piece(WAY_MS + 1, body.subarray(0, sent.bytes));
      this.#in(WAY_MS + 2, () => this.#fail(brokenOff()));
    } else if (sent.how === 'slow-body') {
      this.#sendSlowly(body, sent.pace);
    } else {
      this.#piece(WAY_MS + 1, body);
      this.#end(WAY_MS + 2);
    }
  }

  #sendSlowly(body: Buffer, { bytes, everyMs, atMostMs, then }: SlowBodyPace): void {
    let at = 0;
    let afterMs = WAY_MS + 1;
    for (; at < body.length && afterMs <= WAY_MS + atMostMs; at += bytes, afterMs += everyMs) {
      this.#piece(afterMs, body.subarray(at, at + bytes));
    }
    if (at < body.length && then === 'reset') this.#in(afterMs, () => this.#fail(brokenOff()));
    else {
      this.#piece(afterMs, body.subarray(at));
      this.#end(afterMs + 1);
    }
  }

  #piece(ms: number, piece: Buffer): void {
    this.#in(ms, () => {
      this.#wait(PIECE_WITHIN_MS, () => new errors.BodyTimeoutError());
      if (piece.length > 0) this.#handler.onResponseData?.(this.#controller, piece);
    });
  }

  #end(ms: number): void {
    this.#in(ms, () => {
      // The reply is there: killed now, the worker has read it without reporting it.
      if (this.#worker?.step() === false) return;
      this.#over = true;
      this.#timeout?.cancel();
      this.#handler.onResponseEnd?.(this.#controller, {});
    });
  }

  #fail(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#timeout?.cancel();
    this.#handler.onResponseError?.(this.#controller, error);
  }

  #wait(ms: number, error: () => Error): void {
    this.#timeout?.cancel();
    this.#timeout = this.#stage.timeline.in(ms, () => this.#fail(error()), this.#worker);
  }

  #in(ms: number, act: () => void): void {
    this.#stage.timeline.in(ms, () => this.#over || act(), this.#worker);
  }
}

const bytesIn = ({ body, ...rest }: Sent): Buffer =>
  typeof body === 'string' ? bytesOf({ ...rest, body }) : body;

const brokenOff = (): Error => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

function dispatchForReal(
  real: unknown,
  pool: Pool,
  ...request: Parameters<Pool['dispatch']>
): boolean {
  if (typeof real !== 'function') throw new Error('undici has no dispatch');
  return Reflect.apply(real, pool, request) as boolean;
}

let installed = false;

/** Installs the network: from here on undici's pools lead to the stage while there is one. */
export function installNetwork(): void {
  if (installed) return;
  installed = true;
  const real: unknown = Reflect.get(Pool.prototype, 'dispatch');
  Pool.prototype.dispatch = function (this: Pool, options, handler) {
    const here = stage();
    if (here === null) return dispatchForReal(real, this, options, handler);
    if (actingProcess()?.step() !== false) new Exchange(here, options, handler).start();
    return true;
  };
}
