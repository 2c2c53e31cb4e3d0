import type { TypePolicy } from '../../contract/pipeline.ts';
import type { PublishedFile } from '../../contract/results.ts';
import type { Folder } from '../../store/store.ts';
import { copyFile } from '../files/copy.ts';
import { publishFile } from '../files/destination.ts';
import { probeTarget } from '../files/probe-target.ts';
import { rowReader } from '../port/rows.ts';
import type { Sink, SinkContext } from '../port/sink.ts';

/** Characters after which a batch of lines is written. */
const BATCH_CHARS = 64 * 1024;

/** Writes rows with typed answers to the target, atomically. */
const publishTyped = (
  folder: Folder,
  to: string,
  context: SinkContext,
  policy: TypePolicy,
): Promise<PublishedFile> =>
  publishFile(to, async (write) => {
    let batch = '';
    let rows = 0;
    const flush = async (): Promise<void> => {
      context.signal?.throwIfAborted();
      await write(Buffer.from(batch, 'utf8'));
      batch = '';
    };
    const read = rowReader(folder, context, policy);
    for await (const line of folder.lines(context.storeName)) {
      rows += 1;
      batch += `${JSON.stringify(read(line))}\n`;
      if (batch.length >= BATCH_CHARS) await flush();
    }
    await flush();
    return rows;
  });

/** Sink for JSON Lines files: the stored results, byte for byte unless answers are typed. */
export const jsonl = {
  schemes: ['file', 's3'],
  formats: [
    {
      name: 'jsonl',
      extension: '.jsonl',
      mediaTypes: ['application/x-ndjson', 'application/jsonl'],
    },
  ],
  probe: probeTarget,
  publish: (files, { to, types = 'off' }, context) =>
    types === 'off'
      ? copyFile(files, context.storeName, to, context.signal)
      : publishTyped(files, to, context, types),
} as const satisfies Sink;
