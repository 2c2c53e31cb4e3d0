import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Job } from './rows.ts';

/** Copies the lines, without a digest. */
export const bare = ({ from, to }: Job): Promise<void> =>
  pipeline(createReadStream(from), createWriteStream(to));
