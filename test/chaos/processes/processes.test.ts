import { expect, test } from '@jest/globals';
import type { ProviderCase } from '../../support/providers/provider-case.ts';
import { FATES, type KillPoint } from './blocking-sandbox.ts';
import { changesOf, lastChanges, killPointsOf, nameOf } from './kill-points.ts';
import { inTurn, LIMIT_MS, LONG, PROVIDERS, scale } from './sizes.ts';
import { killedInCancel } from './scenarios/cancelled.ts';
import { jumpingClock } from './scenarios/clock.ts';
import { deploys, deploysAt } from './scenarios/deploys.ts';
import { fullDisk, readOnlyDisk } from './scenarios/disk.ts';
import { killedAt } from './scenarios/killed-at.ts';
import { killedServer } from './scenarios/killed-server.ts';
import { killedOfTwo, killedWorker } from './scenarios/killed-worker.ts';
import { lostApi } from './scenarios/lost-api.ts';

// Side by side: each of them waits most of the time. `npm test` plays what differs most.
const onlyLong = LONG ? test.concurrent : test.concurrent.skip;

const all = PROVIDERS.map((provider) => ({ name: provider.name, provider }));

const numbered = (count: number) =>
  all.flatMap((one) => Array.from({ length: count }, (_, at) => ({ ...one, n: at + 1 })));

test.concurrent.each(numbered(scale.runs))(
  '$name: a run whose worker is killed at any moment keeps every invariant (seed $n)',
  async ({ name, provider, n }) => {
    const { wrong, kills } = await killedWorker(provider, n);
    say(`${name}, seed ${n}: killed in ${kills.join(', ')}`);
    expect(kills).not.toEqual([]);
    expect(wrong).toEqual([]);
  },
  LIMIT_MS,
);

/** Each moment in a run of its own, or in one run those where it costs most. */
const momentsEach = (momentsIn: (provider: ProviderCase) => KillPoint[]) =>
  all.flatMap((one) => {
    const runs = LONG
      ? momentsIn(one.provider).map((moment) => [moment])
      : [lastChanges(one.provider)];
    return runs.map((moments) => ({ ...one, moments, what: moments.map(nameOf).join('; ') }));
  });

test.concurrent.each(
  momentsEach(killPointsOf).flatMap((one) =>
    (LONG ? FATES : FATES.slice(-1)).map((fate) => ({ ...one, fate })),
  ),
)(
  '$name: killed in $what, which $fate, a run keeps every invariant',
  async (one) => expect(await killedAt(one)).toEqual([]),
  LIMIT_MS,
);

test.concurrent.each(momentsEach(changesOf))(
  '$name: a late request of a replaced worker in $what breaks no invariant',
  async ({ provider, moments }) => expect(await deploysAt(provider, moments)).toEqual([]),
  LIMIT_MS,
);

onlyLong.each(numbered(scale.pairs))(
  '$name: one of two workers takes over the steps of the other, which is killed ($n)',
  async ({ name, provider }) => {
    const { wrong, r12 } = await killedOfTwo(provider);
    say(`${name}, R12: it goes on ${r12.toFixed(3)} heartbeat time-outs after the kill`);
    expect(wrong).toEqual([]);
  },
  LIMIT_MS,
);

onlyLong.each(all.flatMap((one) => FATES.map((fate) => ({ ...one, fate }))))(
  '$name: a run killed while it is cancelled, its request $fate, ends as cancelled',
  async ({ provider, fate }) => expect(await killedInCancel(provider, fate)).toEqual([]),
  LIMIT_MS,
);

test.concurrent.each(all)(
  '$name: rolling deploys in the middle of a run cost it nothing',
  async ({ provider }) => expect(await deploys(provider)).toEqual([]),
  LIMIT_MS,
);

test.concurrent.each(all)(
  '$name: the API gone for longer than a step tries by itself: the run waits for it',
  async ({ provider }) => expect(await lostApi(provider)).toEqual([]),
  LIMIT_MS,
);

test.concurrent.each(inTurn(all, 1))(
  '$name: a run goes on after the Temporal server is killed',
  async ({ provider }) => expect(await killedServer(provider)).toEqual([]),
  LIMIT_MS,
);

test.concurrent.each(inTurn(all, 2))(
  '$name: a run goes on after a full disk has room again',
  async ({ provider }) => expect(orSkipped(await fullDisk(provider))).toEqual([]),
  LIMIT_MS,
);

onlyLong.each(all)(
  '$name: a run goes on after a read-only store can be written again',
  async ({ provider }) => expect(orSkipped(await readOnlyDisk(provider))).toEqual([]),
  LIMIT_MS,
);

test.concurrent.each(inTurn(all, 3))(
  '$name: a worker clock that jumps by hours breaks no invariant',
  async ({ provider }) => expect(await jumpingClock(provider)).toEqual([]),
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
