import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getObject, keysUnder } from '../../../src/s3/objects.ts';
import type { Command } from '../../cli/command.ts';
import { eventually } from '../../support/eventually.ts';
import { openBlockingSandbox } from '../processes/blocking-sandbox.ts';
import { nameOf } from '../processes/kill-points.ts';
import { withProcessEnv, type ProcessEnv } from '../processes/process-env.ts';
import { untilStepBegun } from '../processes/scenarios/waiting.ts';
import { BUCKET } from '../../support/s3-server.ts';
import { isTooLate, type CutCase } from './cuts.ts';
import { addHost, cutOff } from './network.ts';
import { openFront, type TemporalHost } from './servers.ts';

export interface Site {
  temporal: TemporalHost;
  /** Variables of workers whose store is on S3. */
  s3: Record<string, string>;
}

/** API milliseconds in a real one: a cell takes a fraction of a second. */
const SPEED = 600;

/** The HTTP client gives up a read after a minute, and then repeats it. */
const HOLD_MS = 55_000;

/** Time for a worker that has its answer to do what it should not. */
const DAMAGE_MS = 8_000;

/** Time for a worker to end after a signal. */
const END_MS = 90_000;

/**
 * Plays one case on machines of its own. Returns what does not hold; nothing: tables, rows and runs are
 * single, cells are paid once, and the results are true, in the store as well.
 */
export async function play(site: Site, cut: CutCase): Promise<string[]> {
  const [first, second] = [await addHost(), await addHost()];
  const sandbox = await openBlockingSandbox(1, SPEED, { alwaysFailsRate: 0 });
  const front = await openFront(sandbox.url);
  const onS3 = cut.store === 's3';
  try {
    return await withProcessEnv(
      {
        name: 'cut',
        provider: cut.provider,
        rows: cut.rows,
        address: site.temporal.address,
        sandbox: { ...sandbox, url: front.url },
        // Only here every request is paid for, whatever was paid before.
        run: { mode: 'all' },
      },
      async (processEnv) => {
        const store = `s3://${BUCKET}/${processEnv.taskQueue}`;
        const env = { ...front.env, ...(onS3 ? { ...site.s3, ROWMILL_STORE: store } : {}) };
        const handle = await processEnv.startRun();
        sandbox.waitFor(cut.at, async () => (await processEnv.step())?.type ?? null);
        const cutOne = await processEnv.startWorker(env, first.via);
        await eventually(nameOf(cut.at), () => sandbox.holds());
        const other = await processEnv.startWorker(env, second.via);
        if (cut.how === 'stopped') {
          cutOne.child.kill('SIGSTOP');
          // Else the SDK learns that the attempt is over as soon as it goes on.
          const heal = await cutOff(first, site.temporal.host, 'cut');
          // The answer lies in its socket until then.
          if (cut.until === 'run over') sandbox.release('is carried out');
          await until(processEnv, cut, other);
          sandbox.release('is carried out');
          cutOne.child.kill('SIGCONT');
          await sleep(DAMAGE_MS);
          await heal();
        } else {
          const heal = await cutOff(first, site.temporal.host, cut.how);
          await until(processEnv, cut, other);
          sandbox.release('is carried out');
          await sleep(DAMAGE_MS);
          await heal();
        }
        await sleep(DAMAGE_MS);
        await endOf(cutOne);
        await eventually('the run is over', () => processEnv.isOver());
        if (onS3) await copyStore(processEnv, site.s3);
        const wrong = await processEnv.verdict(handle);
        const stored = await storedResults(processEnv);
        const published = await readFile(join(processEnv.folder, 'out', 'results.jsonl'), 'utf8');
        if (stored !== published) wrong.push('I9 the store has other results than were published');
        return wrong;
      },
    );
  } finally {
    front.close();
  }
}

/** Waits for what the other worker does first; not longer than a read is held, unless it is to be late. */
async function until(processEnv: ProcessEnv, cut: CutCase, other: Command): Promise<void> {
  const held = isTooLate(cut) || cut.how === 'stopped' ? null : sleep(HOLD_MS);
  const done = async (): Promise<void> => {
    if (cut.until === 'run over') return eventually('the run is over', () => processEnv.isOver());
    await untilStepBegun(processEnv, other);
    if (cut.until === 'step begun') return sleep(2_000);
    if (typeof cut.until === 'object') return sleep(cut.until.lateS * 1_000);
    const isOver = async () => (await processEnv.step())?.type !== cut.at.step;
    return eventually(`${cut.at.step} is over`, isOver);
  };
  await (held === null ? done() : Promise.race([done(), held]));
}

async function endOf(worker: Command): Promise<void> {
  worker.child.kill('SIGTERM');
  await Promise.race([worker.ended, sleep(END_MS)]);
}

async function storedResults({ folder }: ProcessEnv): Promise<string> {
  const names = await readdir(join(folder, 'store', 'runs'), { recursive: true });
  const [name = ''] = names.filter((one) => basename(one) === 'results.jsonl');
  return readFile(join(folder, 'store', 'runs', name), 'utf8');
}

/** Copies a store from S3 to where it would be on disk. */
async function copyStore({ folder, taskQueue }: ProcessEnv, s3: Site['s3']): Promise<void> {
  Object.assign(process.env, s3);
  for (const key of await keysUnder(BUCKET, `${taskQueue}/`)) {
    const file = join(folder, 'store', key.slice(taskQueue.length + 1));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, (await getObject({ bucket: BUCKET, key }))?.text ?? '');
  }
}
