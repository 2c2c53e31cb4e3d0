import type { OwnWorker } from './processes.ts';

const BUCKET = /^rowmill_poll_lag_seconds_bucket\{(.*)\} (\d+)/gm;

/** Returns the bound below which this share of the polls of a worker were late so far, in seconds. */
export async function pollLagSeconds({ health }: OwnWorker, share: number): Promise<string> {
  const text = await (await fetch(`${health}/metrics`)).text();
  const counts = new Map<number, number>();
  for (const [, labels = '', count] of text.matchAll(BUCKET)) {
    const upTo = /le="([^"]+)"/.exec(labels)?.[1] ?? '';
    const bound = upTo === '+Inf' ? Infinity : Number(upTo);
    counts.set(bound, (counts.get(bound) ?? 0) + Number(count));
  }
  const all = counts.get(Infinity) ?? 0;
  const bounds = [...counts.keys()].toSorted((a, b) => a - b);
  const within = bounds.find((bound) => (counts.get(bound) ?? 0) >= all * share);
  return `at most ${within ?? '?'}`;
}
