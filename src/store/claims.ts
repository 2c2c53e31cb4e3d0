import { createHash } from 'node:crypto';
import { z } from 'zod';
import { RowmillError } from '../errors.ts';
import type { RunKey, Store } from './store.ts';

const claimShape = z.object({
  workflowId: z.string(),
  firstRunId: z.string(),
  untilMs: z.number(),
});

export type Claim = z.infer<typeof claimShape>;

/** Claims real paths for a run in progress, which will publish to them until `untilMs`. */
export async function claimTargets(
  store: Store,
  run: RunKey,
  paths: readonly string[],
  untilMs: number,
): Promise<void> {
  for (const path of paths) {
    const { workflowId, firstRunId } = run;
    await store.claims.writeJson(nameOf(path, run), { workflowId, firstRunId, untilMs, path });
  }
}

/**
 * Maximum runs that are named, and asked about at once. Without it, each of 500 runs at one target
 * asked the server for all others: 250,000 questions.
 */
const MAX_OTHERS = 3;

/** Selects the runs in progress from those that registered a target. */
export type FindInProgress = (workflowIds: readonly string[]) => Promise<string[]>;

/** Names other runs in progress with a claim on one of these paths: all, or the first three found. */
export async function othersWithClaims(
  store: Store,
  paths: readonly string[],
  options: { nowMs: number; inProgress: FindInProgress; isOwn: (claim: Claim) => boolean },
): Promise<string[]> {
  const found: string[] = [];
  let batch: string[] = [];
  for await (const id of claimants(store, paths, options)) {
    batch.push(id);
    if (batch.length < MAX_OTHERS) continue;
    found.push(...(await options.inProgress(batch)));
    batch = [];
    if (found.length >= MAX_OTHERS) break;
  }
  if (batch.length > 0) found.push(...(await options.inProgress(batch)));
  return found.slice(0, MAX_OTHERS).sort();
}

async function* claimants(
  store: Store,
  paths: readonly string[],
  { nowMs, isOwn }: { nowMs: number; isOwn: (claim: Claim) => boolean },
): AsyncGenerator<string> {
  const seen = new Set<string>();
  for (const path of new Set(paths)) {
    for (const name of await store.claims.list(`${digest(path)}.`)) {
      const claim = await readClaim(store, name);
      if (claim === null || claim.untilMs < nowMs || isOwn(claim)) continue;
      if (seen.has(claim.workflowId)) continue;
      seen.add(claim.workflowId);
      yield claim.workflowId;
    }
  }
}

/** Removes the claims of a run that has published. */
export async function withdrawClaims(
  store: Store,
  run: RunKey,
  paths: readonly string[],
): Promise<void> {
  for (const path of paths) await store.claims.remove(nameOf(path, run));
}

/** Lists the names of claims whose run had to publish before a time. */
export async function expiredClaims(store: Store, beforeMs: number): Promise<string[]> {
  const expired: string[] = [];
  for (const name of await store.claims.list('')) {
    const claim = await readClaim(store, name);
    if (claim !== null && claim.untilMs < beforeMs) expired.push(name);
  }
  return expired;
}

async function readClaim(store: Store, name: string) {
  try {
    return claimShape.safeParse(await store.claims.readJson(name)).data ?? null;
  } catch (error) {
    // Another process has just removed it.
    if (error instanceof RowmillError) return null;
    throw error;
  }
}

const nameOf = (path: string, { workflowId, firstRunId }: RunKey): string =>
  `${digest(path)}.${digest(`${workflowId} ${firstRunId}`)}.json`;

const digest = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 32);
