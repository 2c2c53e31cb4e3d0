import { copyFile } from './copy.ts';
import { probeTarget } from './probe-target.ts';
import type { Sink } from './sink.ts';

/** Sink for JSON Lines files: the stored results, byte for byte. */
export const jsonl = {
  schemes: ['file'],
  formats: [
    {
      name: 'jsonl',
      extension: '.jsonl',
      mediaTypes: ['application/x-ndjson', 'application/jsonl'],
    },
  ],
  probe: probeTarget,
  publish: (files, { to }, { storeName, signal }) => copyFile(files, storeName, to, signal),
} as const satisfies Sink;
