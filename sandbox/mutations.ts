import { extructMutations } from './extruct/mutations.ts';
import { pump, releaseFreed } from './engine.ts';
import type { CellRule, CreditRule, WaveRule } from './faults/script.ts';
import type { RequestCounts } from './ledger.ts';
import { promptLayerMutations } from './promptlayer/mutations.ts';
import { startRun } from './runs.ts';
import type { Tunable } from './settings.ts';
import type { World } from './world.ts';

/**
 * Everything that changes the world besides time. Each checks first and changes afterwards, asks
 * neither clock nor chance, and takes plain JSON: played again in the same order at the same
 * times, they give the same world.
 */
export const MUTATIONS = {
  ...extructMutations,
  ...promptLayerMutations,
  startRun,
  addCredits,
  returnCredits,
  faults,
  open,
  requests,
} as const;

export type Mutations = typeof MUTATIONS;
export type MutationName = keyof Mutations;

export const isMutation = (name: string): name is MutationName => Object.hasOwn(MUTATIONS, name);

/** What was stuck for want of credits goes on. */
function addCredits(world: World, { add }: { add: number }): number {
  world.credits += add;
  world.ledger.note(() => ({ event: 'credits added', credits: add, left: world.credits }));
  for (const table of world.tables.values()) pump(world, table);
  return world.credits;
}

/** What a rule took away is there again. */
function returnCredits(world: World, { rule }: { rule: string }): number {
  const add = world.creditsTaken.get(rule) ?? 0;
  world.creditsTaken.delete(rule);
  return addCredits(world, { add });
}

interface LastingFaults {
  seed: number;
  cells: CellRule[];
  credits: CreditRule[];
  /** Left out by older state files. */
  waves?: WaveRule[];
}

/** Rules for cells and credits are part of the world: a restart must play the same past again. */
function faults(world: World, { seed, cells, credits, waves = [] }: LastingFaults): void {
  world.oracle.cellSeed = seed;
  world.oracle.cellRules = cells;
  world.creditRules = credits;
  world.waveRules = waves;
  world.ledger.fired = {};
  for (const { name } of [...cells, ...credits, ...waves]) world.ledger.fired[name] = 0;
  for (const table of world.tables.values()) releaseFreed(world, table);
}

/** A start of the process: time goes on from where it stood. */
function open(world: World, { wallMs, speed, concurrency }: Tunable & { wallMs: number }): void {
  world.tunable.speed = speed;
  world.tunable.concurrency = concurrency;
  world.clock.start(world.atMs, wallMs, speed);
  for (const table of world.tables.values()) pump(world, table);
}

function requests(world: World, counts: RequestCounts): void {
  world.ledger.requests = counts;
}
