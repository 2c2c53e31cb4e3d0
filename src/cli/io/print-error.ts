import { errorOfServer } from '../../temporal/server-error.ts';
import { RowmillError } from '../../errors.ts';
import type { Cli } from './context.ts';
import { sanitize } from './sanitize.ts';

/**
 * Prints `error[code] where: what` and `→ remedy` on stderr, or with `--json` an object on stdout.
 * Returns the exit code.
 */
export function printError(cli: Cli, error: unknown, { json = false } = {}): number {
  const known = error instanceof RowmillError ? error : (errorOfServer(error) ?? defect(error));
  const { code, what, where, remedy } = known;
  const place = where === null ? '' : ` ${where}:`;
  cli.log(`${cli.style(['bold', 'red'], `error[${code}]`)}${sanitize(`${place} ${what}`)}`);
  cli.log(`${cli.style('cyan', '→')} ${sanitize(remedy)}`);
  if (json) cli.json({ error: { code, what, where, remedy } });
  return known.exit;
}

function defect(error: unknown): RowmillError {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new RowmillError('internal', what, { cause: error });
}
