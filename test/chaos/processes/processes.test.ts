import { expect, test } from '@jest/globals';
import { LIMIT_MS, LONG, scale } from './scale.ts';
import { jumpingClock } from './scenarios/clock.ts';
import { deploys } from './scenarios/deploys.ts';
import { fullDisk, readOnlyDisk } from './scenarios/disk.ts';
import { killedServer } from './scenarios/killed-server.ts';
import { killedOfTwo, killedWorker } from './scenarios/killed-worker.ts';
import { lostApi } from './scenarios/lost-api.ts';

// Side by side: each of them waits most of the time. `npm test` plays the ones that differ most.
const onlyLong = LONG ? test.concurrent : test.concurrent.skip;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

test.concurrent.each(numbers(scale.runs))(
  'a worker killed at any moment: nothing is lost, doubled or paid twice (seed %i)',
  async (seed) => expect(await killedWorker(seed)).toEqual([]),
  LIMIT_MS,
);

onlyLong.each(numbers(scale.pairs))(
  'of two workers one is killed: the other takes over what it had in hand (%i)',
  async () => {
    const { wrong, r12 } = await killedOfTwo();
    say(`R12: it goes on ${r12.toFixed(3)} heartbeat time-outs after the kill`);
    expect(wrong).toEqual([]);
  },
  LIMIT_MS,
);

test.concurrent(
  'rolling deploys in the middle of a run cost it nothing',
  async () => expect(await deploys()).toEqual([]),
  LIMIT_MS,
);

test.concurrent(
  'the Temporal server killed and started again on its file: the run goes on',
  async () => expect(await killedServer()).toEqual([]),
  LIMIT_MS,
);

onlyLong(
  'the API gone for longer than a step tries by itself: the run waits for it',
  async () => expect(await lostApi()).toEqual([]),
  LIMIT_MS,
);

test.concurrent(
  'a full disk under the store: the run says so, and goes on when there is room',
  async () => expect(orSkipped(await fullDisk())).toEqual([]),
  LIMIT_MS,
);

onlyLong(
  'a read-only store: the run says so, and goes on when it can be written',
  async () => expect(orSkipped(await readOnlyDisk())).toEqual([]),
  LIMIT_MS,
);

test.concurrent(
  'the clock of the worker jumps by hours: no early deadline, no early idle, no hang',
  async () => expect(await jumpingClock()).toEqual([]),
  LIMIT_MS,
);

/** Past jest, which would put a stack trace beside it. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function orSkipped(found: string[] | 'skipped'): string[] {
  if (found !== 'skipped') return found;
  say('skipped: a disk of its own cannot be mounted here (needs root on Linux)');
  return [];
}
