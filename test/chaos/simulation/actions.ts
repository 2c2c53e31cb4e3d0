import type { EnrichTableInput } from '../../../src/contract/run.ts';
import { parseDuration } from '../../../src/rules/duration.ts';
import type { Evidence } from '../../support/invariants/evidence.ts';
import { stage } from './machine/stage.ts';
import type { Action } from './script.ts';
import type { SimulatedApi } from './simulated-api.ts';
import type { Cluster } from './temporal/cluster.ts';
import type { Deployment } from './temporal/deployment.ts';
import type { Accepted } from './temporal/server.ts';

type Run = EnrichTableInput['pipeline']['run'];

export interface Cast {
  cluster: Cluster;
  deployment: Deployment;
  api: SimulatedApi;
  note: (what: string) => void;
}

/** Actions on a run, by name; with several runs, on the newest. */
const ACTIONS: Record<string, (cast: Cast, input: Action['with']) => void> = {
  cancel: ({ cluster: { newest } }) => newest.cancel(),
  terminate: ({ cluster: { newest } }) => newest.terminate(),
  approve: ({ cluster: { newest } }) => newest.update('approveSpend'),
  pause: ({ cluster: { newest } }) => newest.update('pause'),
  resume: ({ cluster: { newest } }) => newest.update('resume'),
  rerunFailed: ({ cluster: { newest } }) => newest.update('rerunFailed'),
  adjust: ({ cluster: { newest } }, input) => newest.update('adjust', input),
  query: ({ cluster: { newest } }) => newest.query('progress'),
  deploy: ({ cluster: { newest } }) => newest.deploy(),
  clock: ({ deployment }, input) => deployment.setClock(input?.aheadMs ?? 0),
  disk: (_, input) => {
    const here = stage();
    if (here !== null) here.disk = input?.disk ?? 'fine';
  },
  'top up': ({ api }) => {
    api.backstage.core.execute('addCredits', { add: 10_000 });
  },
};

export function act({ do: what, with: input }: Action, cast: Cast): void {
  cast.note(input === undefined ? what : `${what} ${JSON.stringify(input)}`);
  const action = ACTIONS[what];
  if (action === undefined) throw new Error(`no action ${what}`);
  action(cast, input);
}

/** The latest deadline that a script can give a run. */
export const latestDeadlineMs = (run: Run, actions: Action[]): number =>
  Math.max(run.deadlineMs, ...actions.flatMap(({ with: input }) => deadlineOf(input)));

/** Applies the accepted changes of operators to the evidence that the run is checked against. */
export function changed(evidence: Evidence, accepted: Accepted[], actions: Action[]): void {
  evidence.balanceDisturbed ||= actions.some(({ do: what }) => what === 'top up');
  evidence.passesAsked = accepted.filter(({ name }) => name === 'rerunFailed').length;
  const deadlines = [evidence.deadlineMs, ...accepted.flatMap(({ input }) => deadlineOf(input))];
  evidence.deadlineMs = deadlines.at(-1) ?? evidence.deadlineMs;
  // A step that is tried again and again goes by the deadline it was given, and so it is on a bad disk.
  if (actions.some(({ do: what }) => what === 'disk')) {
    evidence.graceMs += Math.max(...deadlines) - evidence.deadlineMs;
  }
}

function deadlineOf(input: Action['with']): number[] {
  const ms = input?.deadline === undefined ? null : parseDuration(input.deadline);
  return ms === null ? [] : [ms];
}
