import { createHash } from 'node:crypto';
import { z } from 'zod';
import { RowmillError } from '../errors.ts';
import type { RunKey, Store } from './store.ts';

const claimShape = z.object({
  workflowId: z.string(),
  firstRunId: z.string(),
  untilMs: z.number(),
});

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

/** Returns the ids of other runs with a claim on one of these paths. */
export async function claimsOfOthers(
  store: Store,
  run: RunKey | null,
  paths: readonly string[],
  nowMs: number,
): Promise<string[]> {
  const others = new Set<string>();
  for (const path of new Set(paths)) {
    for (const name of await store.claims.list(`${digest(path)}.`)) {
      const claim = await readClaim(store, name);
      if (claim === null || claim.untilMs < nowMs) continue;
      const isOwn = claim.workflowId === run?.workflowId && claim.firstRunId === run.firstRunId;
      if (!isOwn) others.add(claim.workflowId);
    }
  }
  return [...others].sort();
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
