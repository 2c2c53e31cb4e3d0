import type { PreparedStart } from '../../client/pipelines/stage.ts';
import { prepareSchedule } from '../../client/schedules/prepare.ts';
import { prepareWork } from '../../client/pipelines/prepare.ts';
import type { PreparedSchedule } from '../../client/schedules/index.ts';
import type { Json } from '../../contract/json.ts';
import type { NightOptions } from '../../contract/run.ts';
import { RowmillError } from '../../errors.ts';
import { createStore } from '../../store/open-store.ts';
import type { PipelineSource } from '../../client/pipelines/read.ts';
import type { PipelineDocument } from '../../spec/index.ts';
import { createPathPolicy, type PathPolicy } from '../path-policy.ts';
import type { Env } from '../settings.ts';
import { readBody } from './body.ts';
import { scheduleFields, startFields } from './fields.ts';

/** Settings of a thread, passed once. */
export interface ValidationSettings {
  env: Env;
  /** Place of the store. */
  store: string;
  /** Folder in which pipelines may name files. */
  files: string | null;
}

/** Received body and its purpose. */
interface SentBody {
  body: Uint8Array<ArrayBuffer>;
  /** Owner of the caller's token. */
  owner: string | null;
}

export interface SentRun extends SentBody {
  key: string;
}

export interface SentSchedule extends SentBody {
  name: string;
}

export type Sent = { kind: 'run'; sent: SentRun } | { kind: 'schedule'; sent: SentSchedule };

export interface ValidatedRun {
  work: PreparedStart;
  approve: boolean;
}

export interface ValidatedSchedule {
  prepared: PreparedSchedule;
  owner: string;
  replace: boolean;
}

export type Validated = ValidatedRun | ValidatedSchedule;

/** Checks everything about a body that needs no server. @throws RowmillError */
export const validate = ({ kind, sent }: Sent, settings: ValidationSettings): Promise<Validated> =>
  kind === 'run' ? validateRun(sent, settings) : validateSchedule(sent, settings);

async function validateRun(
  { body, key, owner }: SentRun,
  settings: ValidationSettings,
): Promise<ValidatedRun> {
  const { env } = settings;
  const store = createStore(settings.store);
  const places = createPathPolicy(store, settings.files, owner);
  const { pipeline, rows, approve = false, canary, night } = startFields(readBody(body));
  const work = await prepareWork({
    pipeline: pipelineFromBody(pipeline, places, key),
    // Safe cast: each row is checked when the rows are frozen.
    rows: rows as Record<string, Json>[] | undefined,
    canary,
    night: night && nightOptions(night),
    // The lasting table is that of the owner.
    owner: owner ?? undefined,
    env,
    store,
    baseDir: places.baseDir(key),
    validate: (accepted) => places.check(accepted, key),
  });
  return { work, approve };
}

/** Drops options that are left out or false, which would change the digest of the request. */
const nightOptions = ({ full, apply, newTable }: SentNight): NightOptions => ({
  ...(full === true ? { full } : {}),
  ...(apply === true ? { apply } : {}),
  ...(newTable === true ? { newTable } : {}),
});

type SentNight = { [option in keyof NightOptions]: boolean | undefined };

async function validateSchedule(
  sent: SentSchedule,
  settings: ValidationSettings,
): Promise<ValidatedSchedule> {
  const { name } = sent;
  const places = createPathPolicy(createStore(settings.store), settings.files, sent.owner);
  const { pipeline, owner, replace = false } = scheduleFields(readBody(sent.body));
  // Key of its folder for results, beside those of runs.
  const key = `schedule/${name}`;
  const prepared = await prepareSchedule({
    pipeline: pipelineFromBody(pipeline, places, key),
    env: settings.env,
    baseDir: places.baseDir(key),
    validate: async (accepted) => {
      refuseOtherName(accepted.name, name);
      await places.check(accepted, key);
    },
  });
  return { prepared, owner, replace };
}

function refuseOtherName(given: string, name: string): void {
  if (given === name) return;
  throw new RowmillError('http_bad_request', `the pipeline is "${given}", the path "${name}"`, {
    where: 'body/pipeline/name',
    remedy: 'Give both the same name.',
  });
}

/** Extracts a pipeline from a body. Its results are optional, because the gateway serves them. */
function pipelineFromBody(
  pipeline: Record<string, unknown> | string,
  places: PathPolicy,
  key: string,
): PipelineSource {
  if (typeof pipeline === 'string') return { text: pipeline };
  if ('text' in pipeline) {
    throw new RowmillError('http_bad_request', '"text" is no field of a pipeline', {
      where: 'body/pipeline',
    });
  }
  const { name } = pipeline;
  const results =
    typeof name === 'string' && pipeline['results'] === undefined
      ? { results: [{ to: places.defaultResult(key, name.slice(0, 63)) }] }
      : {};
  // Safe cast: the pipeline's own schema checks it.
  return { ...pipeline, ...results } as PipelineDocument;
}
