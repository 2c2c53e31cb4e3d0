import { parentPort, workerData } from 'node:worker_threads';
import { judge, type Judged, type JudgeSettings, type Sent } from './judge.ts';
import { packed, type PackedError } from './packed-error.ts';

/**
 * Entry file of the checking thread, whose time and memory are limited. Checks one body at a time.
 */

export type Verdict = { judged: Judged } | { error: PackedError };

// Safe cast: judges.ts passes it.
const settings = workerData as JudgeSettings;

// Safe type: only judges.ts posts to this port.
parentPort?.on('message', (sent: Sent) => {
  judge(sent, settings)
    .then(
      (judged): Verdict => ({ judged }),
      (error: unknown): Verdict => ({ error: packed(error) }),
    )
    .then((verdict) => parentPort?.postMessage(verdict))
    // An error that cannot be sent ends the thread, and the main thread notices.
    .catch((error: unknown) => {
      setImmediate(() => {
        throw error;
      });
    });
});
parentPort?.postMessage('ready');
