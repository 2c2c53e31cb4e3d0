import type { Cli } from '../io/context.ts';
import { lineView } from './line-view.ts';
import { terminalView } from './terminal-view.ts';
import type { ProgressView } from './view.ts';

export type { ProgressView, ViewState } from './view.ts';

/** Redraws in place on a terminal, prints occasional lines elsewhere. */
export const progressView = (cli: Cli): ProgressView =>
  cli.stderr.isTTY && cli.env['TERM'] !== 'dumb' ? terminalView(cli) : lineView(cli);
