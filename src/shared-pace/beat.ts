import type { KnownPace } from '../http/share.ts';

/**
 * Sign of life of a worker that uses a token, with its share and what it has learned. All of it is in
 * the name of a file, so that one list shows the beats of all workers: on S3 every request costs.
 */
export interface Beat {
  /** Name of the worker process, 12 hex digits. */
  worker: string;
  /** Number of the beat, from 1 on. */
  nth: number;
  /** Share that the worker takes at most, in thousandths of a unit (see `allot`). */
  claim: number;
  /** Part of the token's pace that the worker can use, per mille; 1000: requests wait for it. */
  wants: number;
  /** Operator's limit at this worker, requests a second; `null`: none. */
  limit: number | null;
  pace: KnownPace;
  /** Rest of the pause that the provider asked this worker for, ms. */
  pausedMs: number;
}

/** Requests a second are written in thousandths. */
const FINE = 1_000;

/** Returns the name of the file of a beat. */
export function beatName({ worker, nth, claim, wants, limit, pace, pausedMs }: Beat): string {
  const fields = [
    `c${claim}`,
    `w${wants}`,
    `l${fine(limit)}`,
    `p${fine(pace.perSecond)}`,
    `t${fine(pace.tooFast)}`,
    `s${pace.slowDowns}`,
    `x${Math.ceil(pausedMs)}`,
  ];
  return `${worker}.${nth}.${fields.join('-')}.json`;
}

const NAME =
  /^([0-9a-f]{12})\.(\d{1,9})\.c(\d{1,9})-w(\d{1,4})-l(\d{1,9}|_)-p(\d{1,9})-t(\d{1,9}|_)-s(\d{1,9})-x(\d{1,9})\.json$/;

/** Returns the beat of a file name; `null` for a name of another form, such as a newer version's. */
export function readBeat(name: string): Beat | null {
  const found = NAME.exec(name);
  if (found === null) return null;
  const [, worker = '', nth, claim, wants, limit = '_', perSecond = '', tooFast = '_'] = found;
  const [slowDowns, pausedMs] = found.slice(8);
  return {
    worker,
    nth: Number(nth),
    claim: Number(claim),
    wants: Number(wants),
    limit: coarse(limit),
    pace: {
      perSecond: Number(perSecond) / FINE,
      tooFast: coarse(tooFast),
      slowDowns: Number(slowDowns),
    },
    pausedMs: Number(pausedMs),
  };
}

const fine = (perSecond: number | null): string =>
  perSecond === null ? '_' : String(Math.round(perSecond * FINE));

const coarse = (text: string): number | null => (text === '_' ? null : Number(text) / FINE);
