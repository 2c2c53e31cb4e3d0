import type { Cli } from '../io/context.ts';
import { lineView } from './line-view.ts';
import { terminalView } from './terminal-view.ts';
import type { ProgressView } from './view.ts';

export type { ProgressView, ViewState } from './view.ts';

/** Redrawn in place on a terminal, now and then a line anywhere else. */
export const progressView = (cli: Cli): ProgressView =>
  cli.stderr.isTTY && cli.env['TERM'] !== 'dumb' ? terminalView(cli) : lineView(cli);
