import { createLogUpdate } from 'log-update';
import type { Cli } from '../io/context.ts';
import { truncate } from '../io/table.ts';
import { layoutOf } from './layout.ts';
import type { ProgressView, ViewState } from './view.ts';

const BAR_COLUMNS = 40;

/** Redraws a few lines in place. */
export function terminalView(cli: Pick<Cli, 'stderr' | 'style'>): ProgressView {
  const draw = createLogUpdate(cli.stderr);
  return {
    intervalMs: 1_000,
    show: (state) => {
      const columns = Math.max(20, cli.stderr.columns || 80);
      draw(drawing(cli, state, columns).join('\n'));
    },
    end: () => {
      draw.clear();
      draw.done();
    },
  };
}

/** Fits the lines to the terminal: wrapped ones could not be redrawn in place. */
export function drawing(cli: Pick<Cli, 'style'>, state: ViewState, columns: number): string[] {
  const { stage, share, counts, pace, costs, problem } = layoutOf(state);
  const line = (text: string): string => truncate(text, columns - 1);
  const lines = [cli.style('bold', line(`${state.workflowId}  ${stage}`))];
  if (share !== null) lines.push(bar(cli, share, Math.min(BAR_COLUMNS, columns - 8)));
  for (const figures of [counts, pace, costs]) {
    if (figures.length > 0) lines.push(line(figures.join('   ')));
  }
  if (problem !== null) lines.push(cli.style('yellow', line(`! ${problem}`)));
  // A truncated link would lead nowhere.
  if (state.ui !== null) lines.push(cli.style('dim', state.ui));
  return lines;
}

function bar(cli: Pick<Cli, 'style'>, share: number, columns: number): string {
  const full = Math.floor(share * columns);
  const rest = '░'.repeat(Math.max(0, columns - full));
  return `${cli.style('green', '█'.repeat(full))}${rest} ${Math.floor(share * 100)} %`;
}
