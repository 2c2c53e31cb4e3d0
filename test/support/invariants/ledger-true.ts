import type { LedgerLine } from '../../../src/contract/spend.ts';
import type { Evidence } from './evidence.ts';

/** I12: the ledger of the store never says less than what is paid. */
export function* ledgerTrue({ texts, cellsPaid }: Evidence): Iterable<string> {
  let credits = 0;
  for (const [path, text] of texts) {
    if (!/[/\\]ledger[/\\]\d{4}-\d\d-\d\d[/\\][^/\\]+\.jsonl$/.test(path)) continue;
    // Written by the steps in this shape; a cell costs one credit.
    const line = JSON.parse(Buffer.from(text, 'latin1').toString('utf8')) as LedgerLine;
    if (line.type === 'pass') credits += Math.max(line.credits, line.reported?.cells ?? 0);
  }
  if (cellsPaid > credits) yield `${cellsPaid} cells were paid, the ledger has ${credits} credits`;
}
