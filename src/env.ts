import { DEFAULT_TASK_QUEUE } from './contract/names.ts';
import { createStore } from './store/open-store.ts';
import type { Store } from './store/store.ts';

export type Env = Readonly<Record<string, string | undefined>>;

const DEFAULT_STORE = '.rowmill/store';

/** The store that client and worker share. */
export const openStore = (env: Env): Store =>
  createStore(env['ROWMILL_STORE']?.trim() || DEFAULT_STORE);

/** Returns the task queue that the workers poll. */
export const taskQueueOf = (env: Env): string =>
  env['ROWMILL_TASK_QUEUE']?.trim() || DEFAULT_TASK_QUEUE;

/** Switched off, no worker would keep them up to date. */
export const wantsSearchAttributes = (env: Env): boolean =>
  !/^(off|false|0|no)$/i.test(env['ROWMILL_SEARCH_ATTRIBUTES']?.trim() ?? '');
