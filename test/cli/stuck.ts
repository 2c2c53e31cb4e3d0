/** A process that serves until its thread is stuck: `node stuck.ts STUCK_MS BUSY_AFTER_MS`. */
import { endWhenStuck } from '../../src/cli/run/end-when-stuck.ts';

const [stuckMs = 0, busyAfterMs = 0] = process.argv.slice(2).map(Number);
const unwatch = endWhenStuck(stuckMs);
// Alive for several times the limit, and no harm comes to it.
setTimeout(() => {
  console.log('served');
  if (process.argv[4] === 'ends') {
    unwatch();
    return;
  }
  for (;;) Math.random();
}, busyAfterMs);
