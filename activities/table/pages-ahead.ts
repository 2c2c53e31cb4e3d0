import type { Page, PastRow } from '../../src/providers/provider.ts';

/** Pages that are on their way at once, the awaited one included. */
const AT_ONCE = 4;
/** Pages that have to come one by one after one that failed or was not where it was expected. */
const CAREFUL_PAGES = 10;

type AskPage = (cursor: string, rows: number) => Promise<Page>;
type Offsets = Extract<PastRow, { by: 'offset' }>;

interface EarlyPage {
  rows: number;
  /** `null`: it failed, and is requested again in its turn. */
  page: Promise<Page | null>;
}

/**
 * Pages that are requested before their turn, where cursors are offsets and the table has a known end.
 * After one that fails or is not where it was expected, the walk goes on page by page for a while.
 */
export class PagesAhead {
  readonly #offsets: Offsets;
  readonly #ask: AskPage;
  readonly #early = new Map<string, EarlyPage>();
  #carefulPages = 0;

  constructor(offsets: Offsets, ask: AskPage) {
    this.#offsets = offsets;
    this.#ask = ask;
  }

  /** Returns the page at a cursor if it was requested with so many rows, and came. */
  async take(cursor: string | null, rows: number): Promise<Page | null> {
    if (this.#early.size === 0) return null;
    const early = this.#early.get(cursor ?? '');
    this.#early.delete(cursor ?? '');
    const page = early?.rows === rows ? await early.page : null;
    if (page === null) this.pause();
    return page;
  }

  /** Requests the pages behind one that came. */
  fill(page: Page, rows: number): void {
    if (page.next === null || page.total === null) return;
    if (this.#carefulPages > 0) {
      this.#carefulPages -= 1;
      return;
    }
    for (let nth = 0; this.#early.size < AT_ONCE && nth < AT_ONCE; nth += 1) {
      // As many rows as came: the API may give fewer than it is asked for.
      const cursor = this.#offsets.skip(page.next, nth * page.rows.length);
      if (this.#offsets.place(cursor) >= page.total) return;
      if (this.#early.has(cursor)) continue;
      // A failure is met when the page has its turn.
      const asked = this.#ask(cursor, rows).catch(() => null);
      this.#early.set(cursor, { rows, page: asked });
    }
  }

  /** Requests no pages before their turn for a while. */
  pause(): void {
    this.#carefulPages = CAREFUL_PAGES;
    this.#early.clear();
  }
}
