import { AsyncResource } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import type { Appointment } from '../virtual-time.ts';
import { actingProcess, stage } from './stage.ts';

const real = {
  Date,
  now: performance.now.bind(performance),
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  setImmediate,
  sleep: timers.setTimeout,
};

/** Return value of `setTimeout`: may be cleared, and kept from keeping the process alive. */
class Timer {
  readonly appointment: Appointment;

  constructor(appointment: Appointment) {
    this.appointment = appointment;
  }

  ref = (): this => this;
  unref = (): this => this;
  hasRef = (): boolean => true;
}

function virtualNow(): number {
  const here = stage();
  if (here === null) return real.Date.now();
  return Math.floor(here.timeline.nowMs + (actingProcess()?.clockAheadMs ?? 0));
}

/** Its dates are genuine ones: others look at their class. */
const VirtualDate = new Proxy(real.Date, {
  construct: (target, given: unknown[]) =>
    Reflect.construct(target, given.length === 0 ? [virtualNow()] : given) as Date,
  get: (target, name) => (name === 'now' ? virtualNow : (Reflect.get(target, name) as unknown)),
});

type Callback = (...args: unknown[]) => void;

function later(act: Callback, ms = 0, ...args: unknown[]): unknown {
  const here = stage();
  if (here === null) return real.setTimeout(act, ms, ...args);
  const bound = inContext(act);
  return new Timer(here.timeline.in(ms, () => waitedFor(() => bound(...args))));
}

/** Called later, it finds the asynchronous context in which it was asked for. */
const inContext = (act: Callback): Callback => AsyncResource.bind(act);

/** A pause of a worker is a step: it may be killed while it waits. */
function waitedFor(act: () => void): void {
  if (actingProcess()?.step() !== false) act();
}

function repeatedly(act: Callback, ms = 0, ...args: unknown[]): unknown {
  const here = stage();
  if (here === null) return real.setInterval(act, ms, ...args);
  const bound = inContext(act);
  return new Timer(here.timeline.every(ms, () => bound(...args)));
}

function clear(timer: unknown): void {
  if (timer instanceof Timer) timer.appointment.cancel();
  // Whatever `setTimeout` and `setInterval` of Node gave back.
  else real.clearTimeout(timer as NodeJS.Timeout);
}

function soon(act: Callback, ...args: unknown[]): unknown {
  const here = stage();
  if (here === null) return real.setImmediate(act, ...args);
  here.timeline.immediates += 1;
  return real.setImmediate(() => {
    here.timeline.immediates -= 1;
    act(...args);
  });
}

function sleep(ms = 0, value?: unknown, options: { signal?: AbortSignal } = {}): Promise<unknown> {
  const here = stage();
  if (here === null) return real.sleep(ms, value, options);
  if (options.signal?.aborted === true) return Promise.reject(options.signal.reason as Error);
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      appointment.cancel();
      reject(options.signal?.reason as Error);
    };
    const over = (): void => {
      options.signal?.removeEventListener('abort', aborted);
      resolve(value);
    };
    const appointment = here.timeline.in(ms, () => waitedFor(inContext(over)));
    options.signal?.addEventListener('abort', aborted, { once: true });
  });
}

let installed = false;

/** Gives the process two times: the real one, and that of the stage while there is one. */
export function installTime(): void {
  if (installed) return;
  installed = true;
  Object.assign(globalThis, {
    Date: VirtualDate,
    setTimeout: later,
    clearTimeout: clear,
    setInterval: repeatedly,
    clearInterval: clear,
    setImmediate: soon,
  });
  performance.now = () => stage()?.timeline.nowMs ?? real.now();
  Object.assign(timers, { setTimeout: sleep });
  syncBuiltinESMExports();
}
