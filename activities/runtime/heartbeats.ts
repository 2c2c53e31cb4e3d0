/** Interval of the heartbeats of a step among few: often enough for a live view, and for a cancel. */
const SHORTEST_MS = 2_000;
/** Interval among many: a third of the heartbeat time-out. */
const LONGEST_MS = 10_000;
/** Part of the interval for each step in progress: a thousand of them send 100 heartbeats a second. */
const MS_PER_STEP = 10;

/** Steps in progress in this process. */
let steps = 0;

const everyMs = (): number => Math.min(LONGEST_MS, Math.max(SHORTEST_MS, steps * MS_PER_STEP));

export interface Heartbeats {
  /** Sends a heartbeat now; among many steps with the next one, if the last one was just sent. */
  news(): void;
  stop(): void;
}

/**
 * Sends heartbeats while a step is in progress, the first one at once. The more steps this process
 * has, the rarer those of each: 2,000 waiting runs would take up a core of the Temporal server.
 */
export function startHeartbeats(send: () => void): Heartbeats {
  let timer: NodeJS.Timeout;
  let sentAtMs = 0;
  let isOver = false;
  const beat = (): void => {
    clearTimeout(timer);
    sentAtMs = performance.now();
    send();
    timer = setTimeout(beat, everyMs());
  };
  steps += 1;
  beat();
  return {
    news: () => {
      if (!isOver && performance.now() - sentAtMs >= everyMs() - SHORTEST_MS) beat();
    },
    stop: () => {
      isOver = true;
      clearTimeout(timer);
      steps -= 1;
    },
  };
}
