/** Waits; throws when the caller has stopped waiting. */
export type Sleep = (ms: number) => Promise<unknown>;

/** Locks on disk or on S3; each is a file with its owner. */
export interface LockPlace {
  /** Takes a lock, or takes it over where its owner is gone. */
  take(file: string, owner: string, sleep: Sleep): Promise<void>;
  /** Returns the owner; `null` without a lock. */
  text(file: string): Promise<string | null>;
  remove(file: string): Promise<void>;
}
