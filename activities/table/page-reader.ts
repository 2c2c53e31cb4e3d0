import type { TableRef } from '../../src/contract/table.ts';
import { RowmillError } from '../../src/errors.ts';
import type { Page, Provider } from '../../src/providers/provider.ts';
import { retryRead } from '../runtime/retry-read.ts';
import type { ActivityAttempt } from '../runtime/activity.ts';
import { PagesAhead } from './pages-ahead.ts';
import { narrowPage } from './narrowed-page.ts';
import { isOfARow, isOfThePage, isRefusal, PageSize } from './page-size.ts';

type Reading = Pick<ActivityAttempt<unknown>, 'ctx' | 'sleep'>;

/** Rows that were passed over, since no page with one of them could be read. */
export interface Skipped {
  /** `null`: all that lie between the two ends that were reached. */
  rows: number | null;
  why: string;
}

export type ReadPage = Page & { skipped?: Skipped };

export interface PageReaderOptions {
  /** Go on behind a row that breaks every page it is on. @default false */
  skips?: boolean;
  /** Read the inputs of the rows as well. @default false */
  withInputs?: boolean;
  /** Request pages before their turn, of a table that nothing adds rows to. @default false */
  ahead?: boolean;
}

/** Consecutive broken rows after which the API counts as down. */
const MAX_SKIPS = 10;

/** Maximum times that a page may succeed while its broken row is searched. */
const MAX_FLAWS = 3;

/** Rows before the one that could not be read, by table and end of the walk: later walks look there first. */
const brokenRows = new WeakMap<Provider, Map<string, number>>();

/**
 * Reader of a table's pages, as large as the provider allows. Pages become smaller if they are too
 * large, take longer, or are refused. An unreadable page is narrowed down to the row that breaks
 * it.
 */
export class PageReader {
  readonly #provider: Provider;
  readonly #table: TableRef;
  readonly #attempt: Reading;
  readonly #skips: boolean;
  readonly #withInputs: boolean;
  readonly #size: PageSize;
  /** Pages that are requested before their turn; `null`: none are. */
  readonly #early: PagesAhead | null;
  /** Cursor at the start of the current walk, and the rows passed since. */
  #from: string | null = null;
  #passed = 0;
  /** Rows up to the end of the last page, as the table has them; `null`: it did not begin here. */
  #place: number | null = null;
  /** Value of `#place` when the walk from the other end began. */
  #ahead: number | null = null;
  /** Rows of the table, where a page said so. */
  #total: number | null = null;
  /** Page size of the newest cursor. */
  #cursorSize: number | null = null;
  /** Last requested cursor. */
  #asked: string | null = null;

  constructor(
    provider: Provider,
    table: TableRef,
    attempt: Reading,
    { skips = false, withInputs = false, ahead = false }: PageReaderOptions = {},
  ) {
    this.#provider = provider;
    this.#table = table;
    this.#attempt = attempt;
    this.#skips = skips;
    this.#withInputs = withInputs;
    this.#size = new PageSize(provider);
    this.#early =
      ahead && provider.past?.by === 'offset'
        ? new PagesAhead(provider.past, (cursor, rows) => this.#request(cursor, rows))
        : null;
    if (this.#hint(null) !== undefined) this.#size.warn();
  }

  /**
   * Reads a page. @throws RowmillError if neither a single row nor the rows behind it can be read
   */
  async read(cursor: string | null): Promise<ReadPage> {
    const { past } = this.#provider;
    if (cursor === null) this.#begin(null);
    const backwards = past?.by === 'other end' && cursor?.startsWith(past.from) === true;
    if (backwards && this.#from === null) {
      this.#begin(past.from);
      if (cursor !== past.from) this.#place = null;
    }
    for (let flaws = 0; ;) {
      try {
        return this.#came(await this.#page(cursor));
      } catch (error) {
        this.#early?.pause();
        if (!(error instanceof RowmillError)) throw error;
        if (!isOfThePage(error.code)) throw error;
        if (past?.by === 'other end' && (await this.#isBound(cursor, error))) {
          // The position is known only in a walk from the start.
          if (this.#place === null) return this.read(this.#restart());
          const narrowed = await this.#narrow(cursor, past.from, error);
          if (narrowed !== null) return narrowed;
          flaws += 1;
          if (flaws < MAX_FLAWS && !isRefusal(error.code)) continue;
          if (!this.#size.shrink(error.code)) throw error;
          continue;
        }
        if (this.#size.shrink(error.code)) continue;
        if (!this.#skips || past === null) throw error;
        return await (past.by === 'offset'
          ? this.#skip(cursor, past.skip, error)
          : this.#turn(past.from, error));
      }
    }
  }

  #begin(from: string | null): void {
    this.#from = from;
    if (from === null) this.#ahead = null;
    this.#passed = 0;
    this.#place = 0;
    this.#cursorSize = null;
  }

  #restart(): string | null {
    this.#begin(this.#from);
    return this.#from;
  }

  #came(page: Page): Page {
    this.#passed += page.rows.length;
    if (this.#place !== null) this.#place += this.#size.rows;
    this.#cursorSize = this.#size.rows;
    this.#early?.fill(page, this.#size.rows);
    this.#size.came(page.rows.length);
    return page;
  }

  #isResized(): boolean {
    return this.#cursorSize !== null && this.#cursorSize !== this.#size.rows;
  }

  /** @param known Its rows could be read before: a failure is none of theirs */
  async #ask(cursor: string | null, rows = this.#size.rows, known = false): Promise<Page> {
    // A cursor that is refused may be of pages of another size.
    const isResized = this.#isResized() || rows !== this.#size.rows;
    const tries = ({ code }: RowmillError) =>
      code === 'pages_unstable' ? (isResized ? 1 : 2) : known ? null : this.#size.triesFor(code);
    this.#asked = cursor;
    const page =
      (await this.#early?.take(cursor, rows)) ??
      (await retryRead(this.#attempt, () => this.#request(cursor, rows), tries));
    if (page.total !== null) this.#total = page.total + (this.#table.placeholderRows?.rows ?? 0);
    return page;
  }

  #request(cursor: string | null, rows: number): Promise<Page> {
    return this.#provider.page(this.#table, cursor, this.#attempt.ctx, rows, this.#withInputs);
  }

  /**
   * Reads a page. A refused cursor may be bound to another page size, or outdated: the walk then
   * restarts and catches up. A refusal at the same place of a new walk is due to the page itself.
   */
  async #page(cursor: string | null): Promise<Page> {
    try {
      return await this.#ask(cursor);
    } catch (error) {
      if (!isUnstable(error) || cursor === this.#from) throw error;
      return this.#catchUp().catch((again: unknown) => {
        throw isUnstable(again) ? refusedPage(again) : again;
      });
    }
  }

  /** The first page of another size that has a row which has not come yet; those before it come again. */
  async #catchUp(): Promise<Page> {
    let cursor = this.#from;
    for (let passed = 0; ;) {
      const page = await this.#ask(cursor);
      const ends = page.next === null;
      if (passed + page.rows.length > this.#passed || ends) {
        this.#passed = passed;
        this.#place = null;
        return page;
      }
      passed += page.rows.length;
      cursor = page.next;
    }
  }

  /** Behind the row at a cursor, and behind those after it that are broken as well. */
  async #skip(
    cursor: string | null,
    behind: (cursor: string | null, rows: number) => string,
    broken: RowmillError,
  ): Promise<ReadPage> {
    for (let rows = 1; rows <= MAX_SKIPS; rows += 1) {
      const page = await readable(() => this.#ask(behind(cursor, rows)));
      if (page === null) continue;
      // The API may have come back just now.
      const again = await readable(() => this.#ask(cursor));
      this.#size.restore(broken.code);
      return again ?? { ...page, skipped: { rows, why: broken.what } };
    }
    throw broken;
  }

  /** Checks whether one row seems to break the page, while its cursor allows no smaller one. */
  async #isBound(cursor: string | null, { code }: RowmillError): Promise<boolean> {
    if (!this.#skips || !isOfARow(code)) return false;
    this.#size.warn();
    const { rows } = this.#size;
    const isFirst = cursor === this.#from;
    // A refused first page may be too large; the size of a later one was accepted before.
    if (isFirst || isRefusal(code)) return !isFirst || !isRefusal(code);
    if (this.#isResized() || rows === 1) return false;
    try {
      await this.#ask(cursor, Math.ceil(rows / 2));
      return false;
    } catch (error) {
      if (!(error instanceof RowmillError) || !isOfThePage(error.code)) return isUnstable(error);
      return false;
    }
  }

  /** Rows between the other end and the row at which the walk turned. */
  #behindOne(): number | undefined {
    const total = this.#total;
    return total === null || this.#ahead === null ? undefined : total - this.#ahead - 1;
  }

  #memoryOf(from: string | null): string {
    return `${from ?? ''} ${this.#table.id}`;
  }

  #hint(from: string | null): number | undefined {
    return brokenRows.get(this.#provider)?.get(this.#memoryOf(from));
  }

  #remember(from: string | null, rows: number): void {
    const known = brokenRows.get(this.#provider) ?? new Map<string, number>();
    brokenRows.set(this.#provider, known.set(this.#memoryOf(from), rows));
  }

  /**
   * Searches the row by walks with pages of other sizes, and continues from the other end. Returns
   * `null` where the page can be read after all.
   */
  async #narrow(
    cursor: string | null,
    otherEnd: string,
    broken: RowmillError,
  ): Promise<ReadPage | null> {
    const from = this.#from;
    const back = from === otherEnd;
    const { rows, reached, failed } = await narrowPage((...page) => this.#ask(...page), from, {
      page: { cursor, size: this.#size.rows },
      low: this.#place ?? 0,
      hint: this.#hint(from),
      enough: back ? this.#behindOne() : undefined,
    });
    if (failed === null) return null;
    // An API that is down breaks every page, that one as well.
    await this.#ask(reached > 0 ? from : back ? null : otherEnd, 1, true);
    if ((await readable(() => this.#ask(failed.cursor, failed.size))) !== null) return null;
    this.#remember(from, reached);
    if (!back && this.#total !== null) this.#remember(otherEnd, this.#total - 1 - reached);
    this.#size.restore(broken.code);
    return this.#turnAt(reached, { rows, next: null, total: null }, otherEnd, broken);
  }

  /** Continues from the other end; after an earlier turn, the rows between cannot be reached. */
  async #turnAt(
    reached: number | null,
    page: Page,
    otherEnd: string,
    broken: RowmillError,
  ): Promise<ReadPage> {
    if (this.#from === otherEnd) {
      const ends = [this.#total, this.#ahead, reached];
      const [total = null, ahead = null, behind = null] = ends;
      const isKnown = total !== null && ahead !== null && behind !== null;
      const rows = isKnown ? Math.max(0, total - ahead - behind) : null;
      return { ...page, skipped: { rows, why: broken.what } };
    }
    this.#begin(otherEnd);
    this.#ahead = reached;
    const rest = await this.read(otherEnd);
    return { ...rest, rows: [...page.rows, ...rest.rows] };
  }

  /**
   * Reads from the other end of the table up to the row; rows between two broken ones cannot be
   * reached.
   */
  async #turn(otherEnd: string, broken: RowmillError): Promise<ReadPage> {
    const at = this.#asked;
    const back = this.#from === otherEnd;
    // An API that is down breaks every page, that one as well.
    await this.#ask(this.#passed > 0 || back ? null : otherEnd);
    const again = await readable(() => this.#page(at));
    if (again !== null) return this.#came(again);
    // Later pages are large again, in both directions.
    this.#size.restore(broken.code);
    return this.#turnAt(this.#place, { rows: [], next: null, total: null }, otherEnd, broken);
  }
}

const isUnstable = (error: unknown): error is RowmillError =>
  error instanceof RowmillError && error.code === 'pages_unstable';

const refusedPage = (error: RowmillError): RowmillError =>
  new RowmillError('request_refused', error.what, { cause: error, where: error.where });

/** `null` for a page that cannot be read. */
async function readable(page: () => Promise<Page>): Promise<Page | null> {
  try {
    return await page();
  } catch (error) {
    if (!(error instanceof RowmillError)) throw error;
    if (error.code === 'pages_unstable' || isOfThePage(error.code)) return null;
    throw error;
  }
}
