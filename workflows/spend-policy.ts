import type { Pipeline, SpendPolicy } from '../src/contract/pipeline.ts';
import type { RunState } from './run-state.ts';

/** Limits of a run, as the worker returned them: it knows what its owner allows. */
export const spendOf = ({
  state,
  pipeline,
}: {
  readonly state: RunState;
  readonly pipeline: Pipeline;
}): SpendPolicy => state.prepared?.spend ?? pipeline.spend;
