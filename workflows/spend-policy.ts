import type { Pipeline, SpendPolicy } from '../src/contract/pipeline.ts';
import type { RunState } from './run-state.ts';

/** The limits that hold for a run: as the worker gave them back, who knows what its owner allows. */
export const spendOf = ({
  state,
  pipeline,
}: {
  readonly state: RunState;
  readonly pipeline: Pipeline;
}): SpendPolicy => state.prepared?.spend ?? pipeline.spend;
