/**
 * Lets the wall clock of a process jump: `NODE_OPTIONS=--import=…/shifted-clock.mjs`. The file that
 * CLOCK_SHIFT_FILE names holds the milliseconds to add; the monotonic clock is left alone, as it is
 * when an operator sets the time of a machine.
 */
import { readFileSync } from 'node:fs';

const file = process.env.CLOCK_SHIFT_FILE;
const RealDate = Date;
let shiftMs = 0;

if (file !== undefined) {
  const read = () => (shiftMs = Number(readFileSync(file, 'utf8')));
  read();
  setInterval(read, 100).unref();
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      super(...(args.length === 0 ? [RealDate.now() + shiftMs] : args));
    }
    static now() {
      return RealDate.now() + shiftMs;
    }
  };
}
