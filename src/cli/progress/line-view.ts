import type { Cli } from '../io/context.ts';
import { layoutOf } from './layout.ts';
import type { ProgressView } from './view.ts';

/** Time between two lines without a change of stage, in ms: a log must stay readable. */
const EVERY_MS = 30_000;

/** Prints plain lines for pipes, files and logs. */
export function lineView(cli: Pick<Cli, 'log'>): ProgressView {
  let saidAtMs = Number.NEGATIVE_INFINITY;
  let saidStage = '';
  let saidProblem: string | null = null;
  return {
    intervalMs: 1_000,
    show: (state) => {
      const { stage, counts, pace, costs, problem } = layoutOf(state);
      const isNews = stage !== saidStage || problem !== saidProblem;
      if (!isNews && state.nowMs - saidAtMs < EVERY_MS) return;
      const newProblem = problem !== null && problem !== saidProblem;
      saidAtMs = state.nowMs;
      saidStage = stage;
      saidProblem = problem;
      const figures = [...counts, ...pace, ...costs].join(', ');
      const time = new Date(state.nowMs).toISOString().slice(11, 19);
      cli.log(`${time}Z ${stage}${figures === '' ? '' : `: ${figures}`}`);
      if (newProblem) cli.log(`${time}Z ! ${problem}`);
    },
    end: () => undefined,
  };
}
