import { parentPort, workerData } from 'node:worker_threads';
import { validate, type Validated, type ValidationSettings, type Sent } from './validate.ts';
import { packed, type PackedError } from './packed-error.ts';

/**
 * Entry file of the checking thread, whose time and memory are limited. Checks one body at a time.
 */

export type Verdict = { validated: Validated } | { error: PackedError };

// Safe cast: body-validator.ts passes it.
const settings = workerData as ValidationSettings;

// Safe type: only body-validator.ts posts to this port.
parentPort?.on('message', (sent: Sent) => {
  validate(sent, settings)
    .then(
      (validated): Verdict => ({ validated }),
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
