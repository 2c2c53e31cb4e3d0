import { RowmillError } from '../errors.ts';

/** A deletion that finds nothing left to delete has done its work. */
export async function goneIsDeleted(deletion: Promise<unknown>): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!(error instanceof RowmillError) || error.code !== 'not_found') throw error;
  }
}
