import type { Command } from 'commander';
import type { Cli } from '../io/context.ts';

export function addWorker(program: Command, cli: Cli): void {
  program
    .command('worker')
    .summary('do the work of runs: the process of a deployment')
    .description(
      'Carry out the steps of runs until it is stopped. SIGTERM or Ctrl-C drains: steps in progress ' +
        'are finished, waits are handed over, and the process ends with 0.',
    )
    .option('--task-queue <name>', 'where runs wait for work (ROWMILL_TASK_QUEUE, rowmill)')
    .option(
      '--store <folder>',
      'files of runs, also s3://bucket/prefix (ROWMILL_STORE, .rowmill/store)',
    )
    .option('--health-port <port>', 'of /live, /ready, /metrics (ROWMILL_HEALTH_PORT, 9464)')
    .option('--health-host <host>', 'address it listens on (ROWMILL_HEALTH_HOST, 127.0.0.1)')
    .option('--shutdown-grace <time>', 'for steps in progress (ROWMILL_SHUTDOWN_GRACE, 20s)')
    .option('--shutdown-force <time>', 'then it gives up (ROWMILL_SHUTDOWN_FORCE, 60s)')
    .addHelpText(
      'after',
      `
Environment: tokens and base URLs of the providers (rowmill doctor names them); TEMPORAL_ADDRESS,
TEMPORAL_NAMESPACE and the other TEMPORAL_* or a profile; ROWMILL_LOG_LEVEL (trace … error),
ROWMILL_SEARCH_ATTRIBUTES (on, off).

Examples:
  rowmill worker
  ROWMILL_STORE=/data/rowmill rowmill worker --health-host 0.0.0.0
  curl -s http://127.0.0.1:9464/ready`,
    )
    .action(async (flags: WorkerCommandFlags) => {
      // First: the code of a worker is the first that makes the heap grow.
      const { keepHeapSmall } = await import('../../process/heap.ts');
      keepHeapSmall();
      const { work } = await import('../actions/worker.ts');
      await work(cli, {
        taskQueue: flags.taskQueue,
        store: flags.store,
        healthHost: flags.healthHost,
        healthPort: flags.healthPort,
        shutdownGraceMs: flags.shutdownGrace,
        shutdownForceMs: flags.shutdownForce,
      });
    });
}

interface WorkerCommandFlags {
  taskQueue?: string;
  store?: string;
  healthHost?: string;
  healthPort?: string;
  shutdownGrace?: string;
  shutdownForce?: string;
}
