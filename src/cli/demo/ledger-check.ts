import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { RunSummary } from '../../contract/run.ts';
import type { DevStack } from '../../dev/dev-stack.ts';
import { RowmillError } from '../../errors.ts';
import { formatCount } from '../io/format.ts';

const Ledger = z.object({
  tables: z.array(
    z.object({
      name: z.string(),
      tags: z.array(z.string()),
      deletedAt: z.string().nullable(),
      rowsCreated: z.number(),
      rowsDeleted: z.number(),
      cellsPaid: z.number(),
      cellsPaidAgain: z.number(),
    }),
  ),
});

const Manifest = z.object({ tableTag: z.string() });

/**
 * Verifies a run against the sandbox's ledger: one table, each row once, no completed cell paid
 * twice. Returns `null` for an interrupted run.
 * @throws RowmillError `internal` if a check fails
 */
export async function ledgerText(
  { url, tokens }: DevStack['sandbox'],
  summary: RunSummary,
): Promise<string | null> {
  const [any] = tokens;
  // An interrupted run may have left its table half filled.
  const whole = summary.outcome === 'completed' || summary.outcome === 'partial';
  if (!whole || summary.manifest === null || any === undefined) return null;
  const { tableTag } = Manifest.parse(JSON.parse(await readFile(summary.manifest, 'utf8')));
  const reply = await fetch(`${url}/_sandbox/ledger`, {
    headers: { authorization: `Bearer ${any.token}` },
  });
  // The title contains the tag if tables have no tags.
  const tables = Ledger.parse(await reply.json()).tables.filter(
    ({ name, tags, deletedAt }) =>
      deletedAt === null && (tags.includes(tableTag) || name.includes(tableTag)),
  );
  const sum = (of: (table: (typeof tables)[number]) => number): number =>
    tables.reduce((total, table) => total + of(table), 0);
  const rows = sum(({ rowsCreated, rowsDeleted }) => rowsCreated - rowsDeleted);
  const again = sum(({ cellsPaidAgain }) => cellsPaidAgain);
  const paid = sum(({ cellsPaid }) => cellsPaid);
  const paidText = `${formatCount(tables.length, 'table')}, ${formatCount(rows, 'row')}, ${formatCount(paid, 'cell')} paid`;
  if (tables.length === 1 && rows === summary.rows && again === 0) {
    return `The sandbox's own ledger: ${paidText}, none that had been done.`;
  }
  throw new RowmillError(
    'internal',
    `the sandbox's ledger: ${paidText}, ${again} that had been done`,
    {
      where: `run ${summary.workflowId}`,
    },
  );
}
