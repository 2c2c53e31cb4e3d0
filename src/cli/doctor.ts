import type { Command } from 'commander';
import type { DoctorFlags } from './actions/doctor.ts';
import type { Cli } from './context.ts';

export function addDoctor(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .summary('what is reachable, what is missing, and what to do about it')
    .description(
      'Look at everything a run needs from here: Node, the store, the token and the credits, ' +
        'Temporal and its workers. Changes nothing and spends nothing.',
    )
    .option('--json', 'one JSON object on stdout')
    .addHelpText(
      'after',
      `
Example:
  rowmill doctor

Exit codes: 0 nothing fails, 1 something does, 4 only token or account do.`,
    )
    .action(async (flags: DoctorFlags) => {
      const { doctor } = await import('./actions/doctor.ts');
      await doctor(cli, flags);
    });
}
