import { MAX_REASONS, type ReasonCount, type ReportFacts } from '../../../src/report/facts.ts';

/** Different reasons that are counted apart: a provider may put anything into one. */
const MAX_DIFFERENT = 1_000;
const MAX_TEXT = 300;

/** Counts the lines of a quarantine by reason, in memory that does not grow with them. */
export class ReasonCounts {
  readonly #counts = new Map<string, number>();
  #total = 0;

  add(reason: string): void {
    this.#total += 1;
    const text = reason.slice(0, MAX_TEXT);
    const count = this.#counts.get(text);
    if (count === undefined && this.#counts.size >= MAX_DIFFERENT) return;
    this.#counts.set(text, (count ?? 0) + 1);
  }

  facts(): Pick<ReportFacts, 'reasons' | 'otherReasons'> {
    const reasons = [...this.#counts]
      .map(([reason, cells]): ReasonCount => ({ reason, cells }))
      .sort((a, b) => b.cells - a.cells || (a.reason < b.reason ? -1 : 1))
      .slice(0, MAX_REASONS);
    const listed = reasons.reduce((sum, { cells }) => sum + cells, 0);
    return { reasons, otherReasons: this.#total - listed };
  }
}
