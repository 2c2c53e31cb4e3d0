/**
 * Lets plain node run our TypeScript: `node --import ./test/support/run-ts.mjs file.ts`.
 * For tests that need a process of their own, to kill it, and for its threads.
 */
import { register } from 'node:module';

register('./run-ts-hooks.mjs', import.meta.url);
