/** Real time for a sandbox. It stands still while it is held: no cell begins or ends then. */
export interface HeldClock {
  realMs: () => number;
  hold: () => void;
  /** Time goes on, from so much later if it is told so. */
  letGo: (aheadMs?: number) => void;
}

export function heldClock(): HeldClock {
  let heldAtMs: number | null = null;
  let shiftMs = 0;
  return {
    realMs: () => (heldAtMs ?? performance.now()) + shiftMs,
    hold: () => {
      heldAtMs ??= performance.now();
    },
    letGo: (aheadMs = 0) => {
      const heldForMs = heldAtMs === null ? 0 : performance.now() - heldAtMs;
      shiftMs += aheadMs - heldForMs;
      heldAtMs = null;
    },
  };
}
