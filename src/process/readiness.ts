export type WorkerState = 'running' | 'draining' | 'stopped' | 'failed';

export interface Readiness {
  /** Reports whether this process could execute a step now, and the failed checks. */
  read(): Promise<ReadinessReport>;
}

export interface ReadinessReport {
  ready: boolean;
  /** `ok`, or the problem, by name. */
  checks: Record<string, string>;
}

export interface ReadinessOptions {
  worker: () => WorkerState | 'starting' | 'not polling';
  /** Name of the process in the report. @default worker */
  name?: string;
  /** Checks of what the steps need; each throws if it is missing. */
  needs: Record<string, () => Promise<unknown>>;
  /** Minimum time between two checks, however often the report is read. @default 5000 */
  everyMs?: number;
  /** Time after which a check fails: disks and networks may stall. @default 4000 */
  timeoutMs?: number;
}

const OK = 'ok';

export function createReadiness(options: ReadinessOptions): Readiness {
  const { worker, name = 'worker', needs, everyMs = 5_000, timeoutMs = 4_000 } = options;
  const asked = Object.entries(needs).map(
    ([need, ask]) => [need, atMostEvery(everyMs, () => answerOf(ask, timeoutMs))] as const,
  );
  return {
    read: async () => {
      const state = worker();
      if (state !== 'running') return { ready: false, checks: { [name]: state } };
      const answers = asked.map(async ([need, ask]) => [need, await ask()] as const);
      const checks = { [name]: OK, ...Object.fromEntries(await Promise.all(answers)) };
      return { ready: Object.values(checks).every((answer) => answer === OK), checks };
    },
  };
}

function atMostEvery<T>(ms: number, ask: () => Promise<T>): () => Promise<T> {
  let last: { atMs: number; answer: Promise<T> } | null = null;
  return () => {
    const nowMs = performance.now();
    if (last === null || nowMs - last.atMs >= ms) last = { atMs: nowMs, answer: ask() };
    return last.answer;
  };
}

async function answerOf(need: () => Promise<unknown>, timeoutMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${timeoutMs} ms`), timeoutMs);
  });
  try {
    return await Promise.race([need().then(() => OK), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
