import type { RunSummary } from '../contract/run.ts';
import type { Cli } from './context.ts';
import { EXIT_OF, nextCommand, summaryText } from './run-summary.ts';

/** Tells what came of a run, on stdout, and sets the exit code. */
export function printSummary(
  cli: Cli,
  summary: RunSummary,
  { ui, json, embedded = false }: { ui: string | null; json: boolean; embedded?: boolean },
): void {
  if (json) cli.json({ ...summary, ui });
  else {
    // The UI of an embedded run is gone with it.
    cli.print(summaryText(summary, embedded ? null : ui));
    cli.log(`Next: ${nextCommand(summary, embedded)}`);
  }
  cli.exitWith(EXIT_OF[summary.outcome]);
}
