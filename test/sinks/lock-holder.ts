import { setTimeout as sleep } from 'node:timers/promises';
import { withLocks } from '../../src/sinks/lock/lock.ts';

/** Takes the lock given as argument and keeps it, until it is killed. */
const [, , file = ''] = process.argv;
await withLocks([file], sleep, async () => {
  process.stdout.write('held\n');
  await sleep(600_000);
});
