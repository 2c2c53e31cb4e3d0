/** Timestamp as the server returns it: seconds are a Long, which prints as its digits. */
interface Timestamp {
  seconds?: { toString(): string } | null;
  nanos?: number | null;
}

/** Converts a timestamp to epoch ms; `null` without one. */
export const msOfTimestamp = (time: Timestamp | null | undefined): number | null =>
  time == null ? null : Number(String(time.seconds ?? 0)) * 1_000 + (time.nanos ?? 0) / 1e6;
