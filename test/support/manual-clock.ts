/** Real time for a sandbox. It stands still while it is held: no cell begins or ends then. */
export interface ManualClock {
  realMs: () => number;
  freeze: () => void;
  /** Time goes on, from so much later if given. */
  resume: (aheadMs?: number) => void;
}

export function manualClock(): ManualClock {
  let heldAtMs: number | null = null;
  let shiftMs = 0;
  return {
    realMs: () => (heldAtMs ?? performance.now()) + shiftMs,
    freeze: () => {
      heldAtMs ??= performance.now();
    },
    resume: (aheadMs = 0) => {
      const heldForMs = heldAtMs === null ? 0 : performance.now() - heldAtMs;
      shiftMs += aheadMs - heldForMs;
      heldAtMs = null;
    },
  };
}
