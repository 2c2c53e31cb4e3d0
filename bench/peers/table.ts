import type { FaultScript } from '../../sandbox/index.ts';
import { busyApi } from '../site/busy-api.ts';
import type { Site } from '../site/site.ts';
import { PAGES, READINGS, readLedger, requestsOf, watchEnd } from './ledger.ts';
import { bareLoop, plainTemporal, rowmill, type Outcome, type Peer } from './peers.ts';

const ROWS = 1_000;

const PACE = busyApi(200);

/** A few of everything, at the same places for all: replies are lost, and cells fail at first. */
const FAULTS: FaultScript = {
  seed: 1,
  requests: [
    { on: 'add-rows', nth: 3, fault: 'reset', phase: 'after' },
    { on: 'add-rows', nth: 8, fault: 'error' },
    { on: 'start-run', nth: 1, fault: 'error', phase: 'after' },
    { on: 'read-status', nth: 3, fault: 'error' },
    { on: 'read-rows', nth: 4, fault: 'truncate', bytes: 100 },
  ],
  cells: [{ fault: 'failing', share: 0.1, tries: 'first' }],
};

const PEERS: Readonly<Record<string, Peer>> = {
  'bare loop': bareLoop,
  'plain Temporal': plainTemporal,
  rowmill,
};

/** One line of the comparison. */
export interface PeerLine extends Outcome {
  who: string;
  faults: boolean;
  calls: number;
  /** Requests for the state of the table. */
  polls: number;
  pages: number;
  /** Time from the end of the last cell to the first page of results, s; `null`: there was none. */
  lateS: number | null;
  cellsPaid: number;
  rowsTwice: number;
  /** Inputs without an answer. */
  missing: number;
}

/** Measures the ways of doing one job, each on a sandbox of its own, without and with faults. */
export async function comparePeers(site: Site, say: (what: string) => void): Promise<PeerLine[]> {
  const lines: PeerLine[] = [];
  for (const faults of [false, true]) {
    for (const [who, peer] of Object.entries(PEERS)) {
      say(`${who}, ${faults ? 'with' : 'without'} faults`);
      const sandbox = await site.sandbox({ ...PACE, ...(faults ? { faults: FAULTS } : {}) });
      const end = watchEnd(sandbox.url);
      const id = `bench-peer-${lines.length}`;
      const outcome = await peer(site, { apiUrl: sandbox.url, rows: ROWS, id });
      const lateS = await end.lateS();
      const ledger = await readLedger(sandbox.url);
      await sandbox.stop();
      lines.push({
        who,
        faults,
        ...outcome,
        calls: ledger.requests.total,
        polls: requestsOf(ledger, READINGS),
        pages: requestsOf(ledger, PAGES),
        lateS,
        cellsPaid: ledger.cellsPaid,
        rowsTwice: ledger.duplicates.rows,
        missing: ROWS - outcome.answered,
      });
    }
  }
  return lines;
}

const HEAD = [
  'who',
  'faults',
  'wall',
  'calls',
  'polls',
  'late',
  'CPU',
  'memory',
  'history',
  'cells paid',
  'rows twice',
  'answers missing',
  'ended',
];

/** The comparison as a table of Markdown. */
export function peersTable(lines: readonly PeerLine[]): string {
  const rows = lines.map((line) => [
    line.who,
    line.faults ? 'yes' : 'no',
    seconds(line.wallS),
    String(line.calls),
    String(line.polls),
    seconds(line.lateS),
    seconds(line.cpuS),
    line.peakBytes === null ? '' : `${Math.round(line.peakBytes / 2 ** 20)} MiB`,
    line.history === null
      ? ''
      : `${line.history.events} events, ${Math.round(line.history.bytes / 1_000)} KB`,
    String(line.cellsPaid),
    String(line.rowsTwice),
    String(line.missing),
    line.problem?.replaceAll('|', '/') ?? 'whole',
  ]);
  return [HEAD, HEAD.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

const seconds = (s: number | null): string => (s === null ? '' : `${s.toFixed(1)} s`);
