/**
 * Measures how much longer a run takes while one request in four fails: the same run with and
 * without, on the simulated machine. Prints one JSON line for each pair.
 */
import { parseArgs } from 'node:util';
import type { FaultScript } from '../../../sandbox/index.ts';
import { CASES, caseOf } from '../../support/providers/cases.ts';
import { wrong } from './search.ts';
import { simulate, type Simulated } from './simulate.ts';
import type { ChaosScript } from './script.ts';

const { values } = parseArgs({
  options: {
    provider: { type: 'string', multiple: true },
    rows: { type: 'string', default: '300' },
    seeds: { type: 'string', default: '5' },
    trace: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});

type Rule = NonNullable<FaultScript['requests']>[number];

/** Share of all requests that fail; each kind as often as the others. */
const SHARE = 0.25;

/** One of each kind of failure that a request can meet. */
const FAILURES: Rule[] = [
  { on: '* /**', fault: 'error', status: 503, body: 'json' },
  { on: '* /**', fault: 'error', status: 500, phase: 'after' },
  { on: '* /**', fault: 'reset' },
  { on: '* /**', fault: 'reset', phase: 'after' },
  { on: '* /**', fault: 'delay', ms: 130_000, phase: 'after' },
  { on: '* /**', fault: 'rate-limit', retryAfter: 'none' },
  { on: '* /**', fault: 'truncate', bytes: 20 },
];

/** An API that takes two requests a second, and says no word on how long to wait. */
const SLOW: Rule = { on: '* /**', fault: 'rate-limit', retryAfter: 'none', above: 2, name: 'pace' };

function storm(seed: number): FaultScript {
  if (values.only === 'pace') return { seed, requests: [SLOW] };
  const chosen =
    values.only === undefined ? FAILURES : FAILURES.filter(({ fault }) => fault === values.only);
  // Rules are drawn one after the other: together they make up the share.
  const probability = 1 - (1 - SHARE) ** (1 / chosen.length);
  return {
    seed,
    requests: chosen.map((rule, at) => ({ ...rule, probability, name: `${rule.fault} ${at}` })),
  };
}

const script = (provider: string, seed: number, faults: FaultScript): ChaosScript => ({
  provider,
  rows: Number(values.rows),
  columns: 'one',
  // Cells of research at their own pace.
  sandbox: {
    seed,
    failRate: 0.04,
    alwaysFailsRate: 0.004,
    statusLagMs: 300,
    concurrency: 50,
    cellMs: { min: 60_000, max: 180_000 },
  },
  run: { failedPasses: 2, stallAfter: '30m', deadline: '6h' },
  approveAbove: null,
  faults,
  kills: [],
  lost: [],
  actions: [],
  continueAsNewAfterEvents: null,
});

/** Until the first paid request is begun. */
const setupMs = ({ trace }: Simulated): number =>
  1_000 * Number(trace.find((line) => line.includes(' startPass '))?.split(' ')[0]);

const requests = ({ evidence }: Simulated): number => evidence.summary?.apiCalls.total ?? 0;

for (const { name } of values.provider?.map(caseOf) ?? CASES) {
  for (let seed = 1; seed <= Number(values.seeds); seed += 1) {
    const calm = await simulate(script(name, seed, {}));
    const stormy = await simulate(script(name, seed, storm(seed)));
    if (values.trace) process.stderr.write(`${stormy.trace.join('\n')}\n`);
    const found = [...wrong(calm), ...wrong(stormy)];
    process.stdout.write(
      `${JSON.stringify({
        provider: name,
        seed,
        calmMs: calm.virtualMs,
        stormyMs: stormy.virtualMs,
        calmSetupMs: setupMs(calm),
        stormySetupMs: setupMs(stormy),
        calmRequests: requests(calm),
        stormyRequests: requests(stormy),
        wrong: found,
        failures: Object.values(stormy.hits).reduce((sum, times) => sum + times, 0),
      })}\n`,
    );
  }
}
