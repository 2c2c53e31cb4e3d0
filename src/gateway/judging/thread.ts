import { parentPort, workerData } from 'node:worker_threads';
import { judge, type Judged, type JudgeSettings, type Sent } from './judge.ts';
import { packed, type PackedError } from './packed-error.ts';

/** One body after another; a thread of its own, whose time and memory are limited. */

export type Verdict = { judged: Judged } | { error: PackedError };

// Given by judges.ts.
const settings = workerData as JudgeSettings;

// Only judges.ts writes to it.
parentPort?.on('message', (sent: Sent) => {
  judge(sent, settings)
    .then(
      (judged): Verdict => ({ judged }),
      (error: unknown): Verdict => ({ error: packed(error) }),
    )
    .then((verdict) => parentPort?.postMessage(verdict))
    // What cannot be handed over ends the thread, which the other side hears of.
    .catch((error: unknown) => {
      setImmediate(() => {
        throw error;
      });
    });
});
parentPort?.postMessage('ready');
