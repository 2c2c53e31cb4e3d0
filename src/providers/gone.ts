import { RowmillError } from '../errors.ts';

/** `null` when what the request was about is not there (any more). */
export async function nullIfGone<Reply>(request: Promise<Reply>): Promise<Reply | null> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof RowmillError) || error.code !== 'not_found') throw error;
    return null;
  }
}

/** A deletion that finds nothing left to delete has done its work. */
export async function goneIsDeleted(deletion: Promise<unknown>): Promise<void> {
  await nullIfGone(deletion);
}
