import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { LedgerLine, PassLine } from '../contract/spend.ts';
import { RowmillError } from '../errors.ts';
import type { RunKey, Store } from './store.ts';

/**
 * The ledger: one file of one line for each pass, and one for each run that has ended. Its name is
 * made of run and pass, so a repeated step writes the same file, and no file has two writers.
 */

const pass = z.looseObject({
  type: z.literal('pass'),
  run: z.string(),
  firstRunId: z.string(),
  pipeline: z.string(),
  provider: z.string(),
  owner: z.string().optional(),
  pass: z.int(),
  kind: z.string(),
  at: z.iso.datetime(),
  columns: z.record(z.string(), z.object({ cells: z.number(), credits: z.number() })),
  credits: z.number(),
  accepted: z.boolean(),
  reported: z.object({ cells: z.number() }).optional(),
});

const run = z.looseObject({
  type: z.literal('run'),
  run: z.string(),
  firstRunId: z.string(),
  pipeline: z.string(),
  provider: z.string(),
  owner: z.string().optional(),
  at: z.iso.datetime(),
  creditsCancelled: z.number(),
  reported: z.looseObject({ balanceChange: z.number().nullable() }),
});

const line = z.discriminatedUnion('type', [pass, run]);

const DAY_MS = 86_400_000;

/** Writes a line, or the same line with what is known by now. */
export async function writeLedgerLine(store: Store, entry: LedgerLine): Promise<void> {
  const draft = await store.ledger.create(fileOf(entry));
  try {
    await draft.line(JSON.stringify(entry));
    await draft.commit();
  } finally {
    await draft.discard();
  }
}

/** Removes the line of a pass that has asked for nothing. */
export const removeLedgerLine = (store: Store, entry: LedgerLine): Promise<void> =>
  store.ledger.remove(fileOf(entry));

/**
 * Reads the lines since a time, each run and pass once. A pass that was written on two days counts by
 * its newest line.
 * @throws RowmillError `store_unreadable` for a line that is damaged: leaving it out would understate
 */
export async function readLedger(
  store: Store,
  sinceMs: number | null,
  nowMs: number,
): Promise<LedgerLine[]> {
  const newest = new Map<string, LedgerLine>();
  for (const name of await filesSince(store, sinceMs, nowMs)) {
    const entry = await readLine(store, name);
    if (entry === null || (sinceMs !== null && Date.parse(entry.at) < sinceMs)) continue;
    const id = idOf(entry);
    const known = newest.get(id);
    if (known === undefined || known.at <= entry.at) newest.set(id, entry);
  }
  return [...newest.values()].sort((a, b) => (a.at < b.at ? -1 : 1));
}

/**
 * Reads the passes of one run, in their order; a pass that was written on two days counts by its
 * newest line.
 * @throws RowmillError `store_unreadable`
 */
export async function readRunLedger(
  store: Store,
  run: RunKey,
  sinceMs: number,
  nowMs: number,
): Promise<PassLine[]> {
  const newest = new Map<number, PassLine>();
  for (const name of await filesSince(
    store,
    sinceMs,
    nowMs,
    `${digestOf(run.workflowId, run.firstRunId)}.`,
  )) {
    const entry = await readLine(store, name);
    if (entry?.type !== 'pass') continue;
    const known = newest.get(entry.pass);
    if (known === undefined || known.at <= entry.at) newest.set(entry.pass, entry);
  }
  return [...newest.values()].sort((a, b) => a.pass - b.pass);
}

/** Lists the files by day, so that old days are not read. */
async function filesSince(
  store: Store,
  sinceMs: number | null,
  nowMs: number,
  beginning = '',
): Promise<string[]> {
  if (sinceMs === null) return store.ledger.list('');
  const names: string[] = [];
  // Clocks of several machines differ: tomorrow is looked at as well.
  for (let atMs = sinceMs; dayOf(atMs) <= dayOf(nowMs + DAY_MS); atMs += DAY_MS) {
    names.push(...(await store.ledger.list(`${dayOf(atMs)}/${beginning}`)));
  }
  return names;
}

async function readLine(store: Store, name: string): Promise<LedgerLine | null> {
  const { ledger } = store;
  let found: unknown;
  try {
    found = await ledger.readJson(name);
  } catch (error) {
    // A step has just found that its pass has asked for nothing.
    if (error instanceof RowmillError && !(await ledger.exists(name))) return null;
    throw error;
  }
  const parsed = line.safeParse(found);
  // Safe cast: the fields that are read are checked.
  if (parsed.success) return found as LedgerLine;
  throw new RowmillError('store_unreadable', 'the file is not a line of the ledger', {
    where: ledger.locate(name),
  });
}

const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

const fileOf = (entry: LedgerLine): string =>
  `${entry.at.slice(0, 10)}/${digestOf(entry.run, entry.firstRunId)}.${partOf(entry)}.jsonl`;

const idOf = (entry: LedgerLine): string => `${entry.run}\n${entry.firstRunId}\n${partOf(entry)}`;

const partOf = (entry: LedgerLine): string => (entry.type === 'pass' ? `${entry.pass}` : 'run');

const digestOf = (run: string, firstRunId: string): string =>
  createHash('sha256').update(`${run} ${firstRunId}`).digest('hex').slice(0, 32);
