import { afterEach, beforeEach, expect } from '@jest/globals';
import { isErrorCode, RowmillError } from '../../src/errors.ts';

/** Fails a test that leaves a rejected promise behind, or a trace on what all objects share. */
export function watchLooseEnds(): void {
  const loose: unknown[] = [];
  const note = (reason: unknown): void => void loose.push(reason);
  beforeEach(() => void process.on('unhandledRejection', note));
  afterEach(async () => {
    // They are reported after the microtasks of the turn in which they were left.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(loose.splice(0)).toEqual([]);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(Object.keys(Object)).toEqual([]);
  });
}

/** The code of one of our errors; anything else, and a defect, is thrown on. */
export function codeOf(error: unknown): string {
  if (error instanceof RowmillError && isErrorCode(error.code) && error.code !== 'internal') {
    return error.code;
  }
  throw error;
}
