import { RowmillError } from '../errors.ts';

/** Time for an answer of the store. */
const ANSWER_MS = 4_000;

/** Calls to a store that may not answer. */
export class StoreCalls {
  readonly #path: string;
  /** Work that the store has not answered yet; a second one would not be answered sooner. */
  #pending: Promise<void> | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Returns why the work failed or was not answered in time; `null`: it is done. */
  async try(work: () => Promise<void>): Promise<RowmillError | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const what = `the store does not answer within ${ANSWER_MS / 1_000} s`;
        reject(new RowmillError('store_unreadable', what, { where: this.#path }));
      }, ANSWER_MS);
      timer.unref();
    });
    const start = async (): Promise<void> => {
      await this.#pending?.catch(() => undefined);
      this.#pending = work();
      await this.#pending.finally(() => (this.#pending = null));
    };
    try {
      await Promise.race([start(), late]);
      return null;
    } catch (error) {
      return error instanceof RowmillError ? error : unexpected(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

const unexpected = (cause: unknown): RowmillError =>
  new RowmillError('internal', cause instanceof Error ? cause.message : String(cause), { cause });
