import type { LogLevel } from '@temporalio/worker';
import { DEFAULT_TASK_QUEUE } from '../contract/names.ts';
import { RowmillError } from '../errors.ts';
import { parseDuration, DURATION_ALLOWED } from '../rules/duration.ts';
import { LOG_LEVELS, logLevelOf } from '../process/log-levels.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** Settings of a worker process from its environment and flags. */
export interface WorkerSettings {
  taskQueue: string;
  /** Place of the store: a folder, or `s3://bucket/prefix`. */
  store: string;
  logLevel: LogLevel;
  healthHost: string;
  /** 0: any free port. */
  healthPort: number;
  shutdownGraceMs: number;
  shutdownForceMs: number;
  /** Registers rowmill's search attributes and writes them. */
  searchAttributes: boolean;
  /** Prebuilt workflow bundle; `null`: the one beside the build. */
  bundlePath: string | null;
}

export type WorkerFlags = { readonly [name in keyof WorkerSettings]?: string | undefined };

interface Setting<T> {
  flag: string | null;
  variable: string;
  preset: string;
  allowed: string;
  /** Returns `null` for an invalid text. */
  parse(text: string): T | null;
}

const text = (flag: string | null, variable: string, preset: string): Setting<string> => ({
  flag,
  variable,
  preset,
  allowed: 'a text',
  parse: (given) => given,
});

const duration = (flag: string, variable: string, preset: string): Setting<number> => ({
  flag,
  variable,
  preset,
  allowed: DURATION_ALLOWED,
  parse: (given) => (given === '0' ? 0 : parseDuration(given)),
});

const SWITCH: Readonly<Record<string, boolean>> = {
  on: true,
  true: true,
  1: true,
  yes: true,
  off: false,
  false: false,
  0: false,
  no: false,
};

const MAX_PORT = 65_535;

/** Settings with their flag, which comes first, their variable and their default. */
export const WORKER_SETTINGS = {
  taskQueue: text('--task-queue', 'ROWMILL_TASK_QUEUE', DEFAULT_TASK_QUEUE),
  store: text('--store', 'ROWMILL_STORE', '.rowmill/store'),
  logLevel: {
    flag: null,
    variable: 'ROWMILL_LOG_LEVEL',
    preset: 'info',
    allowed: LOG_LEVELS.map((level) => level.toLowerCase()).join(', '),
    parse: logLevelOf,
  } satisfies Setting<LogLevel>,
  healthHost: text('--health-host', 'ROWMILL_HEALTH_HOST', '127.0.0.1'),
  healthPort: {
    flag: '--health-port',
    variable: 'ROWMILL_HEALTH_PORT',
    preset: '9464',
    allowed: `a port from 0 (any free one) to ${MAX_PORT}`,
    parse: (given: string) =>
      /^\d{1,5}$/.test(given) && Number(given) <= MAX_PORT ? Number(given) : null,
  } satisfies Setting<number>,
  shutdownGraceMs: duration('--shutdown-grace', 'ROWMILL_SHUTDOWN_GRACE', '20s'),
  shutdownForceMs: duration('--shutdown-force', 'ROWMILL_SHUTDOWN_FORCE', '60s'),
  searchAttributes: {
    flag: null,
    variable: 'ROWMILL_SEARCH_ATTRIBUTES',
    preset: 'on',
    allowed: 'on or off',
    parse: (given: string) => SWITCH[given.toLowerCase()] ?? null,
  } satisfies Setting<boolean>,
  bundlePath: {
    flag: null,
    variable: 'ROWMILL_WORKFLOW_BUNDLE',
    preset: '',
    allowed: 'a path',
    parse: (given: string) => given,
  } satisfies Setting<string>,
} as const;

/** Reads the settings. @throws RowmillError `usage`, naming the flag or the variable */
export function workerSettings(env: Env, flags: WorkerFlags = {}): WorkerSettings {
  const read = <T>(name: keyof WorkerSettings, setting: Setting<T>): T => {
    const flag = flags[name]?.trim() ?? '';
    const variable = env[setting.variable]?.trim() ?? '';
    const value = setting.parse(flag || variable || setting.preset);
    if (value !== null) return value;
    const where = flag !== '' && setting.flag !== null ? setting.flag : setting.variable;
    throw new RowmillError('usage', `"${(flag || variable).slice(0, 80)}" is not allowed`, {
      where,
      remedy: `Give ${setting.allowed}.`,
    });
  };
  const s = WORKER_SETTINGS;
  const bundlePath = read('bundlePath', s.bundlePath);
  return {
    taskQueue: read('taskQueue', s.taskQueue),
    store: read('store', s.store),
    logLevel: read('logLevel', s.logLevel),
    healthHost: read('healthHost', s.healthHost),
    healthPort: read('healthPort', s.healthPort),
    shutdownGraceMs: read('shutdownGraceMs', s.shutdownGraceMs),
    shutdownForceMs: read('shutdownForceMs', s.shutdownForceMs),
    searchAttributes: read('searchAttributes', s.searchAttributes),
    bundlePath: bundlePath === '' ? null : bundlePath,
  };
}
