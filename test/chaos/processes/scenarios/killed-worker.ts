import { setTimeout as sleep } from 'node:timers/promises';
import type { ProviderCase } from '../../../support/providers/provider-case.ts';
import { eventually } from '../../../support/eventually.ts';
import { logBetween, randomOf } from '../../../../bench/simulation/random.ts';
import { openBlockingSandbox, type KillPoint } from '../blocking-sandbox.ts';
import { scale } from '../sizes.ts';
import { withProcessEnv } from '../process-env.ts';
import { untilStepBegun, untilItWaits } from './waiting.ts';

/** Reading without which no run ends. */
const LAST_READING: KillPoint = { step: 'publishResults', on: 'read-account', nth: 1 };

/**
 * One run whose only worker is killed again and again, at moments that follow from the seed: so
 * long after it has begun a step. It cannot end before the first of them.
 */
export async function killedWorker(
  provider: ProviderCase,
  seed: number,
): Promise<{ wrong: string[]; kills: string[] }> {
  const sandbox = await openBlockingSandbox(seed, 60);
  return withProcessEnv(
    { name: `killed-${seed}`, provider, rows: 60, seed, sandbox },
    async (site) => {
      const random = randomOf(seed);
      const stepNow = async (): Promise<string> => (await site.step())?.type ?? 'no step';
      sandbox.waitFor(LAST_READING, stepNow);
      const handle = await site.startRun();
      const kills: string[] = [];
      for (let kill = 0; kill < scale.killsARun; kill += 1) {
        const worker = await site.startWorker();
        if (!(await untilStepBegun(site, worker))) break;
        // A step that is repeated waits for late commits; the first one waits for nothing.
        await sleep(logBetween(random, 50, kill === 0 ? 4_000 : 30_000));
        if (await site.isOver()) break;
        worker.child.kill('SIGKILL');
        await worker.ended;
        sandbox.release('is lost');
        kills.push(await stepNow());
      }
      await site.startWorker();
      return { wrong: await site.verdict(handle), kills };
    },
  );
}

/** Value of `HEARTBEAT` in workflows/activities.ts. */
const HEARTBEAT_MS = 30_000;

/**
 * Kills the one of two workers that runs the wait. R12 is the time until the other one has begun it,
 * in heartbeat time-outs.
 */
export const killedOfTwo = (provider: ProviderCase): Promise<{ wrong: string[]; r12: number }> =>
  withProcessEnv({ name: 'pair', provider, rows: 40, speed: 20 }, async (site) => {
    const workers = await Promise.all([site.startWorker(), site.startWorker()]);
    const handle = await site.startRun();
    const { holder, attempt } = await untilItWaits(site);
    const killed = workers.find(({ child }) => holder.startsWith(`${child.pid}@`));
    if (killed === undefined) return { wrong: [`${holder} holds the wait`], r12: NaN };
    killed.child.kill('SIGKILL');
    const killedAtMs = performance.now();
    const goesOn = async (): Promise<boolean> => {
      const step = await site.step();
      return step?.type !== 'awaitIdle' || (step.holder !== null && step.attempt > attempt);
    };
    await eventually('the other one goes on', goesOn);
    const r12 = (performance.now() - killedAtMs) / HEARTBEAT_MS;
    return { wrong: await site.verdict(handle), r12 };
  });
