/** A look at the balance of an account; it was like that at some time between the two. */
export interface BalanceLook {
  credits: number;
  askedAtMs: number;
  readAtMs: number;
}

/**
 * What an account lost between two looks at it, whoever spent it: summed up over runs, the
 * differences of each of them would count what runs side by side spend several times. A top-up is
 * not taken off again.
 */
export function createSpendMeter(): (look: BalanceLook) => number {
  let last: BalanceLook | null = null;
  return (look) => {
    // Asked before the last look came back: which of the two is older cannot be told.
    if (last !== null && look.askedAtMs < last.readAtMs) return 0;
    const spent = last === null ? 0 : Math.max(0, last.credits - look.credits);
    last = look;
    return spent;
  };
}
