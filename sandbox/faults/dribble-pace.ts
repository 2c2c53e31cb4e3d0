/** How slowly a body is sent. */
export interface SlowBodyPace {
  /** So many at once … */
  bytes: number;
  everyMs: number;
  /** … for so long at most; then the rest at once, or the end. */
  atMostMs: number;
  then: 'rest' | 'reset';
}
