import { createFileStore } from '../store/file-store.ts';
import type { Store } from '../store/store.ts';
import type { Env } from './context.ts';

export const DEFAULT_STORE = '.rowmill/store';

/** The store that client and worker share. */
export const openStore = (env: Env): Store =>
  createFileStore(env['ROWMILL_STORE']?.trim() || DEFAULT_STORE);
