import { expect, test } from '@jest/globals';
import { SandboxCore } from '../../sandbox/engine/core.ts';
import { columnConfig } from '../../sandbox/engine/column-config.ts';
import { tableData, tableStatus } from '../../sandbox/extruct/render.ts';
import { CITY, PITCH, SECTOR } from './caller.ts';

test('100,000 rows of six computed columns are loaded, run and paged', async () => {
  const time = { realMs: 0 };
  const core = await SandboxCore.create({
    token: 't',
    facts: [],
    failRate: 0,
    alwaysFailsRate: 0,
    realMs: () => time.realMs,
  });
  const configs = [SECTOR, CITY, PITCH].map((config) => columnConfig.parse(config));
  const request = { name: 'Big', description: null, tags: null, kind: 'company', configs } as const;
  const table = core.execute('createTable', request);
  for (let from = 0; from < 100_000; from += 50) {
    const rows = Array.from({ length: 50 }, (_, at) => ({
      data: { input: `Company ${from + at}` },
    }));
    core.execute('createRows', { tableId: table.id, rows, run: false });
  }
  const run = core.execute('startRun', {
    tableId: table.id,
    mode: 'new',
    rows: null,
    columns: null,
  });
  expect(run.num_requested_cells).toBe(600_000);

  // Never more in progress than there are places, whatever the table's size.
  expect(core.state.timers.size).toBeLessThanOrEqual(2 * 50);
  time.realMs = 60_000;
  const status = core.read((world) => tableStatus(world, table));
  expect(status).toMatchObject({ num_rows: 100_000, num_columns: 7, run_status: 'running' });
  expect(status.num_cells_completed).toBe(table.account.cellsDone);
  expect(status.num_cells_completed + status.num_cells_in_progress).toBe(600_000);
  expect(table.account.cellsDone).toBeGreaterThan(500);

  const last = core.read((world) => tableData(world, table, 99_950, 100)).rows;
  expect(last).toHaveLength(50);
  expect(last.at(-1)?.data['input']?.value).toBe('Company 99999');
  expect(table.slotOf(last.at(-1)?.id ?? '')).toBe(99_999);
  core.close();
});
