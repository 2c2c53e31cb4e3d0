import type { BadRowLine } from '../contract/results.ts';
import type { Draft } from '../store/store.ts';
import { createDigestDraft } from './digest-draft.ts';
import { problemText, type RowProblem } from './rows/row.ts';

/** File of the rows that were left out, created for the first of them. */
export class LeftOutFile {
  readonly #open: () => Promise<Draft>;
  #draft: Draft | null = null;
  #rows = 0;

  constructor(open: (() => Promise<Draft>) | undefined) {
    this.#open = open ?? (() => Promise.resolve(createDigestDraft()));
  }

  async write(problems: readonly RowProblem[]): Promise<void> {
    const [first] = problems;
    if (first === undefined) return;
    this.#draft ??= await this.#open();
    this.#rows += 1;
    const { line, unit, key = null } = first;
    const what = problems.map((problem) => problem.what).join('; ');
    const bad: BadRowLine = {
      key,
      column: null,
      status: 'bad row',
      attempts: 0,
      line,
      reason: problemText({ line, unit, what }),
    };
    await this.#draft.line(JSON.stringify(bad));
  }

  async commit(): Promise<{ digest: string; rows: number } | null> {
    if (this.#draft === null) return null;
    const { sha256 } = await this.#draft.commit();
    return { digest: `sha256:${sha256}`, rows: this.#rows };
  }

  async discard(): Promise<void> {
    await this.#draft?.discard();
  }
}
