import { RowmillError } from '../../src/errors.ts';
import type { Page } from '../../src/providers/provider.ts';

export interface PageSequenceOptions {
  where: string;
  /** Version of the pages that an interrupted attempt read. */
  version?: string | undefined;
  /**
   * True for the last try, which checks the rows alone. A table whose cells still move changes its
   * version all the time; each row may still come exactly once.
   */
  ignoreVersion?: boolean;
}

/** Watches pages go by, and notices when they do not belong to one walk through one table. */
export class PageSequenceCheck {
  readonly #options: PageSequenceOptions;
  readonly #cursors = new Set<string>();
  version: string | undefined;
  /** True if the version changed during the walk. */
  changed = false;

  constructor(options: PageSequenceOptions) {
    this.#options = options;
    this.version = options.version;
  }

  /** @throws RowmillError `pages_unstable` */
  check(page: Page): void {
    if (page.next !== null && this.#cursors.has(page.next)) {
      throw this.#unstable('a cursor came twice: the pages go round in a circle');
    }
    if (page.next !== null) this.#cursors.add(page.next);
    if (page.version === undefined) return;
    const before = this.version;
    this.version = page.version;
    if (before === undefined || before === page.version) return;
    this.changed = true;
    if (this.#options.ignoreVersion !== true) {
      throw this.#unstable(
        `the table changed between two pages (version ${before}, ${page.version})`,
      );
    }
  }

  #unstable(what: string): RowmillError {
    return new RowmillError('pages_unstable', what, { where: this.#options.where });
  }
}
