import type { ErrorCode } from '../../src/errors.ts';
import type { Provider } from '../../src/providers/provider.ts';

/**
 * Possible trouble with the size of a page. `lasting`: pages are too large and stay smaller.
 * Otherwise one row may break every page with it; behind that row, pages may be large again.
 */
interface SizeTrouble {
  lasting: boolean;
  /** A page that does not fit is asked for again with this share of its rows, and so on. */
  smaller: number;
  /** Tries before that, and once a page has failed. */
  tries: number;
  triesThen: number;
}

const SIZE_TROUBLES: Partial<Record<ErrorCode, SizeTrouble>> = {
  reply_too_large: { lasting: true, smaller: 1 / 4, tries: 1, triesThen: 1 },
  // One timeout may be chance; after two in a row, the page takes too long.
  provider_timeout: { lasting: true, smaller: 1 / 4, tries: 2, triesThen: 1 },
  request_refused: { lasting: true, smaller: 1 / 2, tries: 2, triesThen: 1 },
  request_too_large: { lasting: true, smaller: 1 / 2, tries: 2, triesThen: 1 },
  provider_unavailable: { lasting: false, smaller: 1 / 4, tries: 5, triesThen: 2 },
  reply_unreadable: { lasting: false, smaller: 1 / 4, tries: 5, triesThen: 2 },
};

/** Checks whether a page may cause the error, by its size or one of its rows. */
export const isOfThePage = (code: ErrorCode): boolean => SIZE_TROUBLES[code] !== undefined;

/** Checks whether a single row may cause the error, on a page whose size was accepted before. */
export const isOfARow = (code: ErrorCode): boolean =>
  SIZE_TROUBLES[code]?.lasting === false || isRefusal(code);

export const isRefusal = (code: ErrorCode): boolean =>
  code === 'request_refused' || code === 'request_too_large';

/** Most rows of a page by provider, as it was found out: a limit of the API is none of a table. */
const limits = new WeakMap<Provider, number>();

/** Number of rows to request per page. */
export class PageSize {
  readonly #provider: Provider;
  /** Size to return to behind a row that breaks pages. */
  #whole: number;
  /** Value of `#whole` before the first failed page; `null`: no recent failure. */
  #wholeBefore: number | null = null;
  #rows: number;
  /** Rows to the end of the page that failed first. */
  #left = 0;
  /** Pages have failed: those after them are not tried as often. */
  #warned = false;
  #refused = false;

  constructor(provider: Provider) {
    this.#provider = provider;
    this.#whole = limits.get(provider) ?? provider.limits.rowsPerPage;
    this.#rows = this.#whole;
  }

  get rows(): number {
    return this.#rows;
  }

  /**
   * Returns the attempts for a page that fails with this code; `null`: its size is not the cause.
   */
  triesFor(code: ErrorCode): number | null {
    const trouble = SIZE_TROUBLES[code];
    if (trouble === undefined) return null;
    return this.#warned ? trouble.triesThen : trouble.tries;
  }

  /** A page has failed: those after it are not tried as often. */
  warn(): void {
    this.#warned = true;
  }

  /** `false`: a page of one row cannot be smaller. */
  shrink(code: ErrorCode): boolean {
    const trouble = SIZE_TROUBLES[code];
    if (trouble === undefined) return false;
    this.#warned = true;
    if (this.#rows === 1) return false;
    if (this.#left <= 0) {
      this.#left = this.#rows;
      this.#wholeBefore = this.#whole;
    }
    this.#rows = Math.max(1, Math.floor(this.#rows * trouble.smaller));
    if (trouble.lasting) this.#whole = this.#rows;
    this.#refused = isRefusal(code);
    return true;
  }

  /** A page came. */
  came(rows: number): void {
    if (this.#refused) limits.set(this.#provider, this.#rows);
    this.#refused = false;
    this.#left -= rows;
    // No row of the failed page breaks pages.
    if (this.#left <= 0) this.#rows = this.#whole;
  }

  /**
   * Restores the size behind a row that could not be read. A refused row made pages smaller for its
   * sake only. A limit of the API that was found on the way is found once more.
   */
  restore(code: ErrorCode): void {
    if (isRefusal(code) && this.#wholeBefore !== null) {
      this.#whole = this.#wholeBefore;
      limits.set(this.#provider, this.#whole);
    }
    this.#refused = false;
    this.#left = 0;
    this.#rows = this.#whole;
  }
}
