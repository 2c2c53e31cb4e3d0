import type { SnapshotRow } from '../../contract/rows.ts';
import { DigestIndex, type Digest } from './digest-index.ts';
import { inputsText } from './inputs.ts';

/** Row of tonight's snapshot, compared with the last one. */
export type RowChange =
  | { change: 'new' }
  | { change: 'same'; place: number }
  /** `place`: of the row in the last snapshot. */
  | { change: 'changed'; place: number };

/**
 * Comparison of two snapshots by key, in memory that depends on the number of rows only. First every
 * row of the last snapshot goes through `before`, then every row of the new one through `after`.
 * What is not seen by then has vanished.
 */
export class SnapshotDiff {
  readonly #digest: (text: string) => Digest;
  readonly #last = new DigestIndex();
  #seen = 0;

  /** @param digest Well-mixed digest of a text; equal digests count as equal texts */
  constructor(digest: (text: string) => Digest) {
    this.#digest = digest;
  }

  /** @param place Where the row stands in the last snapshot, as `after` returns it */
  before(row: SnapshotRow, place: number): void {
    this.#last.set(this.#digest(row.key), this.#digest(textOf(row)), place);
  }

  after(row: SnapshotRow): RowChange {
    const { key } = row;
    const slot = this.#last.find(this.#digest(key));
    if (slot === null) return { change: 'new' };
    if (!this.#last.isMarked(slot)) this.#seen += 1;
    this.#last.mark(slot);
    const place = this.#last.placeOf(slot);
    const isSame = this.#last.hasValue(slot, this.#digest(textOf(row)));
    return { change: isSame ? 'same' : 'changed', place };
  }

  /** Number of rows of the last snapshot that were not seen. */
  get vanished(): number {
    return this.#last.size - this.#seen;
  }

  /** Checks whether a row of the last snapshot was not seen. */
  hasVanished(key: string): boolean {
    const slot = this.#last.find(this.#digest(key));
    return slot !== null && !this.#last.isMarked(slot);
  }
}

/** A row that had left the source, and returned, counts as changed. */
const textOf = ({ input, vanished }: SnapshotRow): string =>
  vanished === true ? `vanished ${inputsText(input)}` : inputsText(input);
