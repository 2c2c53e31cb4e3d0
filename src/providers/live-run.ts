import { EXIT, RowmillError } from '../errors.ts';
import { NotReached, open, type Answer, type LiveCheck, type Probe } from './live-check.ts';

export interface Finding extends Omit<Answer, 'learned'> {
  name: string;
  question: string;
  expected: string | null;
  /** Consequence of a difference. */
  means: string | null;
  paid: boolean;
}

export interface LiveReport {
  findings: Finding[];
  answers: Answer[];
  /** Credits spent; `null` if they could not be read. */
  spent: number | null;
  /** Number of deleted tables of an earlier check. */
  leftoversDeleted: number;
  /** Tables of this check that may remain. */
  stillThere: string[];
}

export interface LiveRunOptions {
  signal: AbortSignal;
  /** Asks paid questions, too. @default true */
  paid?: boolean;
  onFinding?: (finding: Finding) => void;
}

/** Maximum duration of the cleanup, which also runs after Ctrl-C. */
const CLEAR_WITHIN_MS = 60_000;

/**
 * Asks every question of a check, and always deletes its tables. A paid question is asked only if
 * the credits spent plus its maximum fit the budget.
 * @throws RowmillError if the account is refused, and the reason of the signal; after the cleanup
 */
export async function runLiveCheck(
  check: LiveCheck,
  { signal, paid = true, onFinding }: LiveRunOptions,
): Promise<LiveReport> {
  const report: LiveReport = {
    findings: [],
    answers: [],
    spent: null,
    leftoversDeleted: 0,
    stillThere: [],
  };
  try {
    report.leftoversDeleted = await check.clearLeftovers({ signal });
    for (const probe of check.probes) {
      if (probe.max !== null && !paid) continue;
      const answer = await answerTo(check, probe, signal);
      const finding = findingOf(probe, answer);
      report.answers.push(answer);
      report.findings.push(finding);
      onFinding?.(finding);
    }
    report.spent = await check.spent({ signal });
  } finally {
    report.stillThere = await cleared(check);
  }
  return report;
}

async function cleared(check: LiveCheck): Promise<string[]> {
  try {
    return await check.clearOwn({ signal: AbortSignal.timeout(CLEAR_WITHIN_MS) });
  } catch {
    return ['a table of this check: the next check deletes it'];
  }
}

async function answerTo(check: LiveCheck, probe: Probe, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted();
  try {
    if (probe.max !== null) {
      const [spent, max] = [await check.spent({ signal }), probe.max()];
      if (spent + max > check.budget.max) {
        const left = Math.max(0, check.budget.max - spent);
        return open(`not asked: it may cost ${max}, and ${left} of the budget are left`);
      }
    }
    return await probe.ask({ signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof NotReached) return open(`not asked: ${error.message}`);
    if (!(error instanceof RowmillError)) throw error;
    if (error.exit === EXIT.account && probe.max === null) throw error;
    return open(`not found out: ${briefly(error)}`);
  }
}

/** Shortens an error for a bug report: the server's text may name an account and is left out. */
export const briefly = ({ code, what }: RowmillError): string => {
  const [status] = /\b[1-5]\d\d\b/.exec(what) ?? [];
  return status === undefined ? code : `${code} (${status})`;
};

const findingOf = (probe: Probe, { verdict, found }: Answer): Finding => ({
  name: probe.name,
  question: probe.question,
  expected: probe.expected,
  verdict,
  found,
  means: verdict === 'differs' ? probe.means : null,
  paid: probe.max !== null,
});
