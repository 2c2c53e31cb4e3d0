import { RowmillError } from '../../../errors.ts';
import type { Cli } from '../../io/context.ts';
import { formatCount } from '../../io/format.ts';
import { withSession } from '../../run/session.ts';

interface ActFlags {
  json?: true;
}

interface NoteFlags extends ActFlags {
  note?: string;
}

export const pause = (cli: Cli, name: string, flags: NoteFlags): Promise<void> =>
  withSession(cli, async ({ rowmill }) => {
    await rowmill.schedules.pause(name, flags.note);
    answer(cli, flags, { name, paused: true }, `schedule ${name} paused`);
    if (flags.json !== true)
      cli.log(`Runs in progress go on. Again: rowmill schedule resume ${name}`);
  });

export const resume = (cli: Cli, name: string, flags: NoteFlags): Promise<void> =>
  withSession(cli, async ({ rowmill }) => {
    await rowmill.schedules.resume(name, flags.note);
    answer(cli, flags, { name, paused: false }, `schedule ${name} resumed`);
    if (flags.json !== true) {
      cli.log('Times that passed meanwhile had no run: see `rowmill schedule backfill`.');
    }
  });

export interface TriggerFlags extends ActFlags {
  key?: string;
}

export async function trigger(
  cli: Cli,
  name: string,
  { key, ...flags }: TriggerFlags,
): Promise<void> {
  if (key?.trim() === '') throw new RowmillError('usage', '--key is empty');
  await withSession(cli, async ({ rowmill }) => {
    const options = key === undefined ? {} : { key };
    const run = await rowmill.schedules.trigger(name, options);
    const { workflowId, attached } = run;
    const text = attached
      ? `${workflowId} was started by this key before`
      : `started ${workflowId}`;
    answer(cli, flags, { name, ...run }, text);
    if (flags.json !== true) cli.log(`See: rowmill watch ${workflowId}`);
  });
}

export const remove = (cli: Cli, name: string, flags: ActFlags): Promise<void> =>
  withSession(cli, async ({ rowmill }) => {
    const { droppedRuns } = await rowmill.schedules.delete(name);
    answer(cli, flags, { name, deleted: true, droppedRuns }, `schedule ${name} deleted`);
    if (droppedRuns === 0) return;
    cli.log(`${formatCount(droppedRuns, 'run')} that waited to start went with it.`);
    cli.log(
      `Make up for them: \`rowmill schedule apply\`, then \`rowmill schedule backfill ${name}\`.`,
    );
  });

function answer(cli: Cli, { json }: ActFlags, value: object, text: string): void {
  if (json === true) cli.json(value);
  else cli.print(text);
}
