import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { readLines } from '../../../src/store/disk/lines.ts';
import type { Job } from './rows.ts';

/** Parses the lines and writes them again, without types. */
export const bare = ({ from, to }: Job): Promise<void> =>
  pipeline(lines(from), createWriteStream(to));

async function* lines(from: string): AsyncGenerator<string> {
  for await (const line of readLines(from)) yield `${JSON.stringify(JSON.parse(line))}\n`;
}
