import { extructMutations } from './extruct/mutations.ts';
import { startReady, releaseFreed } from './engine/scheduler.ts';
import type { CellRule, CreditRule, WaveRule } from './faults/script.ts';
import type { RequestCounts } from './engine/ledger.ts';
import { promptLayerMutations } from './promptlayer/mutations.ts';
import type { Tunable } from './settings.ts';
import type { SandboxState } from './engine/state.ts';

/**
 * Everything that changes the state besides time. Each mutation checks first and changes afterwards,
 * uses neither clock nor chance, and takes plain JSON. Mutations replayed in the same order at the same
 * times produce the same state.
 */
export const MUTATIONS = {
  ...extructMutations,
  ...promptLayerMutations,
  addCredits,
  returnCredits,
  faults,
  open,
  requests,
} as const;

export type Mutations = typeof MUTATIONS;
export type MutationName = keyof Mutations;

export const isMutation = (name: string): name is MutationName => Object.hasOwn(MUTATIONS, name);

/** Adds credits; cells that waited for credits continue. */
function addCredits(state: SandboxState, { add }: { add: number }): number {
  state.credits += add;
  state.ledger.note(() => ({ event: 'credits added', credits: add, left: state.credits }));
  for (const table of state.tables.values()) startReady(state, table);
  return state.credits;
}

/** Restores the credits that a rule took away. */
function returnCredits(state: SandboxState, { rule }: { rule: string }): number {
  const add = state.creditsTaken.get(rule) ?? 0;
  state.creditsTaken.delete(rule);
  return addCredits(state, { add });
}

interface LastingFaults {
  seed: number;
  cells: CellRule[];
  credits: CreditRule[];
  /** Left out by older state files. */
  waves?: WaveRule[];
}

/** Rules for cells and credits are part of the world: a restart must play the same past again. */
function faults(state: SandboxState, { seed, cells, credits, waves = [] }: LastingFaults): void {
  state.oracle.cellSeed = seed;
  state.oracle.cellRules = cells;
  state.creditRules = credits;
  state.waveRules = waves;
  state.ledger.faultHits = {};
  for (const { name } of [...cells, ...credits, ...waves]) state.ledger.faultHits[name] = 0;
  for (const table of state.tables.values()) releaseFreed(state, table);
}

/** A start of the process: time goes on from where it stood. */
function open(
  state: SandboxState,
  { wallMs, speed, concurrency }: Tunable & { wallMs: number },
): void {
  state.tunable.speed = speed;
  state.tunable.concurrency = concurrency;
  state.clock.start(state.atMs, wallMs, speed);
  for (const table of state.tables.values()) startReady(state, table);
}

function requests(state: SandboxState, counts: RequestCounts): void {
  state.ledger.requests = counts;
}
