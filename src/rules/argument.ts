import type { JsonObject } from '../contract/json.ts';
import type { NotifyTarget } from '../contract/notify.ts';
import type { Pipeline } from '../contract/pipeline.ts';
import { MAX_DURATION_MS } from './duration.ts';

/**
 * What workflow code may rely on before an activity has judged its argument: any client may have
 * sent any JSON. Whatever is said here to be wrong, the judge finds wrong as well.
 */

/** Deeper, and code that walks through it runs out of stack. */
const MAX_LEVELS = 200;

/** A step takes the argument along, and Temporal takes at most 2 MiB of each. */
const MAX_BYTES = 2_000_000;

/** Why an argument cannot even be handed to the judge; `null` where it can. */
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
 * The pipeline as it was sent, where all that is used before the judgement is of the right kind;
 * else one that stands for it, does nothing, and keeps its name and receivers.
 */
export function provisionalPipeline(given: unknown): Pipeline {
  const { name, run, results, notify } = isObject(given) ? given : {};
  const receivers = notify === undefined ? [] : receiversOf(notify);
  const isNamed = typeof name === 'string' && name !== '' && name.length <= MAX_NAME;
  if (isNamed && hasTimes(run) && hasPlaces(results) && receivers !== null) {
    // As far as it is used before an activity has judged the rest.
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

/** More would be a way to knock at many doors. */
const MAX_RECEIVERS = 10;

/** Receivers of the completion webhook, whatever else is invalid; `null` where they are invalid themselves. */
function receiversOf(notify: unknown): NotifyTarget[] | null {
  if (!Array.isArray(notify) || notify.length > MAX_RECEIVERS) return null;
  return notify.every(isReceiver) ? notify : null;
}

const isReceiver = (value: unknown): value is NotifyTarget =>
  isObject(value) &&
  isText(value['url']) &&
  /^https?:\/\//.test(value['url']) &&
  isText(value['secretEnv']) &&
  Array.isArray(value['on']) &&
  value['on'].every(isText);

const isText = (value: unknown): value is string => typeof value === 'string';

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
