import { join } from 'node:path';
import { parsePipeline, type LoadedPipeline } from '../../src/spec/index.ts';
import { SECTOR } from './test-env.ts';

/**
 * A pipeline file of one row with a schedule at 02:30 in Berlin, in a folder. Schedules are named for
 * the whole server, which other tests use as well.
 */
export function scheduledFile(
  folder: string,
  word: string,
  changes: Record<string, unknown> = {},
  file = 'p.json',
): LoadedPipeline {
  const text = JSON.stringify({
    name: `${word}-${process.pid}`,
    provider: 'extruct',
    table: { kind: 'company', columns: [SECTOR] },
    rows: {
      inline: [{ Symbol: 'MMM', Security: '3M' }],
      key: 'Symbol',
      map: { input: 'Security' },
    },
    run: { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '20s', deadline: '10m' },
    results: [{ to: `out/${word}.jsonl` }],
    schedule: { at: '02:30', timezone: 'Europe/Berlin' },
    ...changes,
  });
  return parsePipeline(text, { file: join(folder, file), baseDir: folder });
}
