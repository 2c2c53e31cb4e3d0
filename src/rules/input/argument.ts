import type { JsonObject } from '../../contract/json.ts';
import type { NotifyTarget } from '../../contract/notify.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import { MAX_DURATION_MS } from '../duration.ts';

/**
 * Checks on which workflow code may rely before an activity has validated its argument: clients may
 * send any JSON. A value rejected here is rejected by the validation as well.
 */

/** Deeper, and code that walks through it runs out of stack. */
const MAX_LEVELS = 200;

/** A step takes the argument along, and Temporal takes at most 2 MiB of each. */
const MAX_BYTES = 2_000_000;

/** Returns why an argument cannot even be passed to the validation; `null` if it can. */
export function unreadable(given: unknown): string | null {
  if (!isObject(given)) return `found ${kindOf(given)}, an object is expected`;
  if (isDeeper(given, MAX_LEVELS)) return `it is nested more than ${MAX_LEVELS} levels deep`;
  const { length: bytes } = new TextEncoder().encode(JSON.stringify(given));
  return bytes > MAX_BYTES ? `it has ${bytes} bytes, at most ${MAX_BYTES} are read` : null;
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

/** Never goes deeper than it asks for. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}

/** A name that fits into search attributes; the input check is stricter. */
const MAX_NAME = 255;

/**
 * Returns the pipeline as sent, if all fields used before the validation have the right type.
 * Otherwise returns a substitute that does nothing and keeps name and receivers.
 */
export function provisionalPipeline(given: unknown): Pipeline {
  const { name, run, results, notify } = isObject(given) ? given : {};
  const receivers = notify === undefined ? [] : receiversOf(notify);
  const isNamed = typeof name === 'string' && name !== '' && name.length <= MAX_NAME;
  if (isNamed && hasTimes(run) && hasPlaces(results) && receivers !== null) {
    // Safe cast as far as it is used before the validation.
    return given as Pipeline;
  }
  return {
    ...NOTHING,
    ...(isNamed ? { name } : {}),
    ...(receivers === null ? {} : { notify: receivers }),
  };
}

const HOUR_MS = 3_600_000;

const NOTHING: Pipeline = {
  name: 'unnamed',
  provider: 'none',
  table: { tags: [], columns: [] },
  rows: { source: { type: 'inline', rows: [] }, key: 'key', map: {} },
  run: {
    mode: 'new',
    failedPasses: 0,
    tolerateFailed: 0,
    deadlineMs: HOUR_MS,
    stallAfterMs: HOUR_MS,
    minPollIntervalMs: 2_000,
    maxPollIntervalMs: 120_000,
  },
  spend: { creditsPerCell: 1 },
  results: [],
};

const hasTimes = (run: unknown): boolean =>
  isObject(run) &&
  ['deadlineMs', 'stallAfterMs', 'minPollIntervalMs', 'maxPollIntervalMs'].every((name) =>
    isMs(run[name]),
  );

/** Timers overflow not far beyond. */
const isMs = (value: unknown): boolean =>
  typeof value === 'number' && value >= 0 && value <= MAX_DURATION_MS;

const hasPlaces = (results: unknown): boolean =>
  Array.isArray(results) && results.every((each) => isObject(each) && isText(each['to']));

/** Maximum receivers, to prevent abuse. */
const MAX_RECEIVERS = 10;

/**
 * Returns the receivers of messages, even of an invalid pipeline; `null` if they are invalid
 * themselves.
 */
export function receiversOf(notify: unknown): NotifyTarget[] | null {
  if (!Array.isArray(notify) || notify.length > MAX_RECEIVERS) return null;
  return notify.every(isReceiver) ? notify : null;
}

const isReceiver = (value: unknown): value is NotifyTarget =>
  isObject(value) &&
  (isText(value['slack']) || isWebhook(value)) &&
  Array.isArray(value['on']) &&
  value['on'].every(isText);

const isWebhook = ({ url, secretEnv }: Record<string, unknown>): boolean =>
  isText(url) && /^https?:\/\//.test(url) && isText(secretEnv);

const isText = (value: unknown): value is string => typeof value === 'string';

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
