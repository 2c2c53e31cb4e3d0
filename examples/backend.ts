/**
 * A backend that has a list enriched: starts the run of a key (or finds it), prints its progress,
 * and prints every row.
 *
 *   npm pkg set type=module
 *   export TEMPORAL_ADDRESS=… ROWMILL_STORE=…
 *   node backend.ts pipeline.yaml order-4711
 */
import { Rowmill, RowmillError } from 'rowmill';

const [pipeline = 'pipeline.yaml', key = 'order-4711'] = process.argv.slice(2);

try {
  const rowmill = await Rowmill.connect();
  try {
    const run = await rowmill.start({ pipeline, key });
    for await (const { progress, warning } of run.progress()) {
      const cells = progress?.cells;
      console.error(warning ?? `${progress?.stage}: ${cells?.done} of ${cells?.total} cells`);
    }
    const summary = await run.wait();
    console.error(`${summary.outcome}, ${summary.rows} rows`);
    for await (const { key: row, cells } of run.results()) {
      console.log(
        row,
        Object.values(cells).map(({ value }) => value),
      );
    }
  } finally {
    await rowmill.close();
  }
} catch (error) {
  if (!(error instanceof RowmillError)) throw error;
  console.error(`${error.code}: ${error.message}\n→ ${error.remedy}`);
  process.exitCode = 1;
}
