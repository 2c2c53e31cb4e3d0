import type { Command } from 'commander';
import type { DoctorFlags } from '../actions/doctor.ts';
import type { LiveFlags } from '../actions/doctor-live.ts';
import type { Cli } from '../io/context.ts';
import { RowmillError } from '../../errors.ts';

export function addDoctor(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .summary('what is reachable, what is missing, and what to do about it')
    .description(
      'Look at everything a run needs from here: Node, the store, the token and the credits, ' +
        'Temporal and its workers. Changes nothing and spends nothing; with --live it asks the ' +
        'providers’ APIs what no documentation says, on your account, for a few credits.',
    )
    .option('--live', 'ask the live APIs; makes a small table and deletes it again')
    .option('--provider <name>', 'of --live: only this one [default: all with a token]')
    .option('--facts <folder>', 'of --live: where the facts are written [default: .rowmill/facts]')
    .option(
      '--settle <duration>',
      'of --live: without movement for so long, nothing more is expected [default: 20s]',
    )
    .option('-y, --yes', 'of --live: confirms what it may spend')
    .option('--json', 'one JSON object on stdout')
    .addHelpText(
      'after',
      `
Example:
  rowmill doctor
  rowmill doctor --live

Exit codes: 0 nothing fails, 1 something does, 4 only token or account do.`,
    )
    .action(async ({ live, ...flags }: DoctorFlags & LiveFlags & { live?: true }) => {
      if (live === true) {
        const { doctorLive } = await import('../actions/doctor-live.ts');
        await doctorLive(cli, flags);
        return;
      }
      refuseAlone(flags);
      const { doctor } = await import('../actions/doctor.ts');
      await doctor(cli, flags);
    });
}

/** @throws RowmillError `usage`: flags without their main flag would be ignored */
function refuseAlone({ yes, provider, facts, settle }: LiveFlags): void {
  const own = { '--yes': yes, '--provider': provider, '--facts': facts, '--settle': settle };
  const given = Object.entries(own);
  const [flag] = given.find(([, value]) => value !== undefined) ?? [];
  if (flag !== undefined) throw new RowmillError('usage', `${flag} is for --live only`);
}
