/** Time between two messages about the same need. */
export const REMIND_MS = 4 * 3_600_000;

/** Time without a message after which a need is a new one. */
export const FORGET_MS = 24 * 3_600_000;

/** Last message about a need. */
export interface ReportedNeed {
  /** Need of the last message: another one is reported at once. */
  subject: string;
  /** Epoch ms of the first message. */
  sinceMs: number;
  /** Epoch ms of the last one. */
  atMs: number;
  /** Reminders so far. */
  reminder: number;
}

/**
 * Returns the time of the next message about a need, epoch ms. A wait that ends and begins again before
 * a reminder is due is the same one.
 */
export const nextReportMs = (
  last: ReportedNeed | undefined,
  { subject, notBeforeMs }: { subject: string; notBeforeMs: number },
): number =>
  last === undefined || last.subject !== subject
    ? notBeforeMs
    : Math.max(notBeforeMs, last.atMs + REMIND_MS);

/** Records a message. One long after the last is the first of another wait. */
export const reportNeed = (
  last: ReportedNeed | undefined,
  subject: string,
  nowMs: number,
): ReportedNeed =>
  last?.subject === subject && nowMs - last.atMs <= FORGET_MS
    ? { ...last, atMs: nowMs, reminder: last.reminder + 1 }
    : { subject, sinceMs: nowMs, atMs: nowMs, reminder: 0 };
