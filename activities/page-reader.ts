import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { Page, Provider } from '../src/providers/provider.ts';
import { isOfThePage, PageSize } from './page-size.ts';
import { readPatiently } from './reading.ts';
import type { Step } from './step.ts';

type Reading = Pick<Step<unknown>, 'ctx' | 'sleep'>;

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
}

/** So many broken rows side by side are taken for an API that is down. */
const SKIPS_AT_MOST = 10;

/**
 * Reads the pages of a table: of as many rows as the provider allows, and of fewer from where they
 * are larger than a reply may be, take longer, or are refused. Those that cannot be read are narrowed
 * down to the row that breaks them.
 */
export class PageReader {
  readonly #provider: Provider;
  readonly #table: TableRef;
  readonly #step: Reading;
  readonly #skips: boolean;
  readonly #size: PageSize;
  /** Where the walk under way began, and how many rows it has passed. */
  #from: string | null = null;
  #passed = 0;
  /** Of the page that the newest cursor came with. */
  #cursorSize: number | null = null;
  /** What was asked for last. */
  #asked: string | null = null;

  constructor(
    provider: Provider,
    table: TableRef,
    step: Reading,
    { skips = false }: PageReaderOptions = {},
  ) {
    this.#provider = provider;
    this.#table = table;
    this.#step = step;
    this.#skips = skips;
    this.#size = new PageSize(provider);
  }

  /** @throws RowmillError when not even a single row can be read, nor what lies behind it */
  async read(cursor: string | null): Promise<ReadPage> {
    const { past } = this.#provider;
    if (cursor === null) this.#begin(null);
    const backwards = past?.by === 'other end' && cursor?.startsWith(past.from) === true;
    if (backwards && this.#from === null) this.#begin(past.from);
    for (;;) {
      try {
        return this.#came(await this.#page(cursor));
      } catch (error) {
        if (!(error instanceof RowmillError)) throw error;
        if (!isOfThePage(error.code)) throw error;
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
    this.#passed = 0;
    this.#cursorSize = null;
  }

  #came(page: Page): Page {
    this.#passed += page.rows.length;
    this.#cursorSize = this.#size.rows;
    this.#size.came(page.rows.length);
    return page;
  }

  #isResized(): boolean {
    return this.#cursorSize !== null && this.#cursorSize !== this.#size.rows;
  }

  #ask(cursor: string | null): Promise<Page> {
    // A cursor that is refused may be of pages of another size.
    const tries = ({ code }: RowmillError) =>
      code === 'pages_unstable' ? (this.#isResized() ? 1 : 2) : this.#size.triesFor(code);
    const { rows } = this.#size;
    this.#asked = cursor;
    return readPatiently(
      this.#step,
      () => this.#provider.page(this.#table, cursor, this.#step.ctx, rows),
      tries,
    );
  }

  /**
   * A cursor may be good only for pages of the size it came with, or outlived by the table: then the walk begins
   * anew, and catches up. What is refused at the same place of a new walk is the page itself.
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
    for (let rows = 1; rows <= SKIPS_AT_MOST; rows += 1) {
      const page = await readable(() => this.#ask(behind(cursor, rows)));
      if (page === null) continue;
      // The API may have come back just now.
      const again = await readable(() => this.#ask(cursor));
      this.#size.restore(broken.code);
      return again ?? { ...page, skipped: { rows, why: broken.what } };
    }
    throw broken;
  }

  /** From the other end of the table up to the row; what lies between two such rows cannot be reached. */
  async #turn(otherEnd: string, broken: RowmillError): Promise<ReadPage> {
    const at = this.#asked;
    const back = this.#from === otherEnd;
    // An API that is down breaks every page, that one as well.
    await this.#ask(this.#passed > 0 || back ? null : otherEnd);
    const again = await readable(() => this.#page(at));
    if (again !== null) return this.#came(again);
    const skipped = { rows: null, why: broken.what };
    // Pages that are walked through next are large again, from whichever end.
    this.#size.restore(broken.code);
    if (back) return { rows: [], next: null, total: null, skipped };
    this.#begin(otherEnd);
    return { ...(await this.read(otherEnd)), skipped };
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
    if (error instanceof RowmillError && isOfThePage(error.code)) return null;
    throw error;
  }
}
