import { expect, test } from '@jest/globals';
import { whyKept } from '../../activities/results/publish-tables.ts';
import type { PostgresTarget } from '../../src/contract/pipeline.ts';
import { noCells } from '../../src/rules/cells/outcome.ts';

const cut = {
  outcome: 'cancelled',
  reason: 'cancelled',
  endedEarly: true,
  lastScan: { cells: noCells() },
} as const;
const tableOf = (mode: PostgresTarget['mode']) => ({
  postgres: { urlEnv: 'WAREHOUSE_URL', table: 'gtm.sp500', mode },
});

test('a run that was cut short leaves the rows of a table, unless it adds rows or has a `when`', () => {
  expect(whyKept(tableOf('upsert'), cut)).toMatch(/^the run was cut short \(cancelled\)/);
  expect(whyKept(tableOf('replace'), cut)).toMatch(/^the run was cut short \(cancelled\)/);
  expect(whyKept(tableOf('append'), cut)).toBeNull();
  expect(whyKept({ ...tableOf('upsert'), when: 'always' }, cut)).toBeNull();
  const whole = { ...cut, outcome: 'completed', reason: null, endedEarly: false } as const;
  expect(whyKept(tableOf('upsert'), whole)).toBeNull();
});
