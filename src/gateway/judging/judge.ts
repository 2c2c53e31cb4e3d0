import type { PreparedStart } from '../../client/freeze-rows.ts';
import { prepareSchedule } from '../../client/prepare-schedule.ts';
import { prepareWork } from '../../client/prepare-work.ts';
import type { PreparedSchedule } from '../../client/schedules/index.ts';
import type { Json } from '../../contract/json.ts';
import { RowmillError } from '../../errors.ts';
import { createFileStore } from '../../store/file-store.ts';
import { createPathPolicy } from '../places.ts';
import { pipelineFromBody } from '../sent-pipeline.ts';
import type { Env } from '../settings.ts';
import { readBody } from './body.ts';
import { scheduleFields, startFields } from './fields.ts';

/** What the threads are told once. */
export interface JudgeSettings {
  env: Env;
  /** Folder of the store. */
  store: string;
  /** Folder that pipelines may name files in. */
  files: string | null;
}

/** A body that came in, and what it is for. */
interface SentBody {
  body: Uint8Array<ArrayBuffer>;
  /** Of the caller's token. */
  owner: string | null;
}

export interface SentRun extends SentBody {
  key: string;
}

export interface SentSchedule extends SentBody {
  name: string;
}

export type Sent = { kind: 'run'; sent: SentRun } | { kind: 'schedule'; sent: SentSchedule };

export interface JudgedRun {
  work: PreparedStart;
  approve: boolean;
}

export interface JudgedSchedule {
  prepared: PreparedSchedule;
  owner: string;
  replace: boolean;
}

export type Judged = JudgedRun | JudgedSchedule;

/** Everything about a body that needs no server. @throws RowmillError */
export const judge = ({ kind, sent }: Sent, settings: JudgeSettings): Promise<Judged> =>
  kind === 'run' ? judgeRun(sent, settings) : judgeSchedule(sent, settings);

async function judgeRun(
  { body, key, owner }: SentRun,
  settings: JudgeSettings,
): Promise<JudgedRun> {
  const { env } = settings;
  const store = createFileStore(settings.store);
  const places = createPathPolicy(store, settings.files, owner);
  const { pipeline, rows, approve = false } = startFields(readBody(body));
  const work = await prepareWork({
    pipeline: pipelineFromBody(pipeline, places, key),
    // Judged row by row when they are frozen.
    rows: rows as Record<string, Json>[] | undefined,
    env,
    store,
    baseDir: places.baseDir(key),
    accept: (accepted) => places.check(accepted, key),
  });
  return { work, approve };
}

async function judgeSchedule(sent: SentSchedule, settings: JudgeSettings): Promise<JudgedSchedule> {
  const { name } = sent;
  const places = createPathPolicy(createFileStore(settings.store), settings.files, sent.owner);
  const { pipeline, owner, replace = false } = scheduleFields(readBody(sent.body));
  // Its folder for results, beside those of runs.
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
