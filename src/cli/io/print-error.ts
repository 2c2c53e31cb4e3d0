import { RowmillError } from '../../errors.ts';
import type { Cli } from './context.ts';
import { sanitize } from './sanitize.ts';

/**
 * Prints `error[code] where: what` and `→ remedy` on stderr, or with `--json` an object on stdout.
 * Returns the exit code.
 */
export async function printError(cli: Cli, error: unknown, { json = false } = {}): Promise<number> {
  const known = error instanceof RowmillError ? error : await otherError(error);
  const { code, what, where, remedy } = known;
  const place = where === null ? '' : ` ${where}:`;
  cli.log(`${cli.style(['bold', 'red'], `error[${code}]`)}${sanitize(`${place} ${what}`)}`);
  cli.log(`${cli.style('cyan', '→')} ${sanitize(remedy)}`);
  if (json) cli.json({ error: { code, what, where, remedy } });
  return known.exit;
}

/** Converts an error of another library; Temporal's client is loaded only for that. */
async function otherError(error: unknown): Promise<RowmillError> {
  const { errorOfServer } = await import('../../temporal/server-error.ts');
  return errorOfServer(error) ?? defect(error);
}

function defect(error: unknown): RowmillError {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new RowmillError('internal', what, { cause: error });
}
