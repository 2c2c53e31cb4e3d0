import type { TableRef } from '../src/contract/table.ts';
import { RowmillError } from '../src/errors.ts';
import type { Page, Provider } from '../src/providers/provider.ts';
import { readPatiently } from './reading.ts';
import type { Step } from './step.ts';

type Reading = Pick<Step<unknown>, 'ctx' | 'sleep'>;

/** A page that does not fit is asked for again with this share of its rows, and so on. */
const SMALLER = 1 / 4;
/** One request that takes too long is bad luck; so many in a row, and the page is what takes long. */
const TIMEOUTS = 2;

/**
 * Reads the pages of a table: of as many rows as the provider allows, and of fewer from where they
 * are larger than a reply may be, or take longer. They stay that small: a cursor may be good only for
 * pages of the size it came with, and a walk that has to begin anew must come through.
 */
export class PageReader {
  readonly #provider: Provider;
  readonly #table: TableRef;
  readonly #step: Reading;
  #rows: number;
  #timeouts = 0;

  constructor(provider: Provider, table: TableRef, step: Reading) {
    this.#provider = provider;
    this.#table = table;
    this.#step = step;
    this.#rows = provider.limits.rowsPerPage;
  }

  /** @throws RowmillError `reply_too_large` when a single row is */
  read(cursor: string | null): Promise<Page> {
    return readPatiently(this.#step, () => this.#fit(cursor));
  }

  async #fit(cursor: string | null): Promise<Page> {
    for (;;) {
      const rows = this.#rows;
      try {
        const page = await this.#provider.page(this.#table, cursor, this.#step.ctx, rows);
        this.#timeouts = 0;
        return page;
      } catch (error) {
        if (!(error instanceof RowmillError)) throw error;
        this.#timeouts = error.code === 'provider_timeout' ? this.#timeouts + 1 : 0;
        const tooLarge = error.code === 'reply_too_large';
        if (!tooLarge && this.#timeouts < TIMEOUTS) throw error;
        this.#rows = Math.max(1, Math.floor(rows * SMALLER));
        // Whether it is tried again after a time-out, and when, is the patience's to say.
        if (!tooLarge || rows === 1) throw error;
      }
    }
  }
}
