import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTemporalServer } from '../../../../src/dev/temporal/server.ts';
import type { ProviderCase } from '../../../support/providers/provider-case.ts';
import { withProcessEnv } from '../process-env.ts';
import { untilItWaits } from './waiting.ts';

/** The server is killed in the middle of a run, and started again on its file and its port. */
export async function killedServer(provider: ProviderCase): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-chaos-temporal-'));
  const dbFile = join(folder, 'temporal.db');
  let server = await startTemporalServer({ dbFile });
  const port = Number(server.address.split(':')[1]);
  try {
    return await withProcessEnv(
      { name: 'server', provider, rows: 40, speed: 20, address: server.address },
      async (site) => {
        await site.startWorker();
        const handle = await site.startRun();
        await untilItWaits(site);
        if (server.pid !== null) process.kill(server.pid, 'SIGKILL');
        await server.exited;
        // Long enough for polls, heartbeats and results to be refused.
        await sleep(5_000);
        server = await startTemporalServer({ dbFile, port: { exactly: port } });
        return site.verdict(handle);
      },
    );
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
