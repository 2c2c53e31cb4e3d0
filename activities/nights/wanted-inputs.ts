import type { SnapshotRow } from '../../src/contract/rows.ts';
import { digestOf } from '../../src/nights/compare-rows.ts';
import { lineAt, placedLines } from '../../src/nights/line-at.ts';
import { rowChanges } from '../../src/nights/night.ts';
import { readOutdated } from '../../src/nights/outdated-cells.ts';
import { DigestIndex } from '../../src/rules/nights/digest-index.ts';
import { changedInputs, inputsText, type Inputs } from '../../src/rules/nights/inputs.ts';
import type { Folder } from '../../src/store/store.ts';
import { parseRow, SNAPSHOT_FILE } from '../run-files/snapshot.ts';

/** Verdict on a row of the table by its inputs. */
export type InputVerdict =
  | 'same'
  /** The row gets these inputs. `edited`: another user had changed them at the provider. */
  | { change: Inputs; columns: string[]; edited: boolean }
  /** Another user changed these inputs at the provider. */
  | { drift: string[] }
  /** The row left the source, and the pipeline deletes such rows. */
  | 'dropped'
  /** No row of the pipeline. */
  | 'unknown';

/**
 * Inputs that the rows of a lasting table should have. Keys and inputs are in memory as digests;
 * keys alone of rows that the source changed.
 */
export class WantedInputs {
  readonly #folder: Folder;
  readonly #index: DigestIndex;
  readonly #changed: ReadonlySet<string>;
  readonly #dropped: ReadonlySet<string>;
  readonly #overwrites: boolean;

  private constructor(
    folder: Folder,
    index: DigestIndex,
    keys: { changed: ReadonlySet<string>; dropped: ReadonlySet<string> },
    overwrites: boolean,
  ) {
    this.#folder = folder;
    this.#index = index;
    this.#changed = keys.changed;
    this.#dropped = keys.dropped;
    this.#overwrites = overwrites;
  }

  static async open(
    folder: Folder,
    { drops, overwrites }: { drops: boolean; overwrites: boolean },
  ): Promise<WantedInputs> {
    const index = new DigestIndex();
    for await (const { text, place } of placedLines(folder, SNAPSHOT_FILE)) {
      const { key, input } = parseRow(text, `${folder.locate(SNAPSHOT_FILE)}, byte ${place}`);
      index.set(digestOf(key), digestOf(inputsText(input)), place);
    }
    const changed = new Set<string>();
    const dropped = new Set<string>();
    for await (const { key, change } of rowChanges(folder)) {
      if (change === 'changed') changed.add(key);
      if (change === 'vanished' && drops) dropped.add(key);
    }
    // The last run may have ended before it had changed their inputs; where it may have asked, it had.
    for await (const { key, columns, maybeAskedAt = {} } of readOutdated(folder)) {
      if (columns.some((column) => !Object.hasOwn(maybeAskedAt, column))) changed.add(key);
    }
    return new WantedInputs(folder, index, { changed, dropped }, overwrites);
  }

  async verdictOn(key: string, inputs: Inputs): Promise<InputVerdict> {
    const slot = this.#index.find(digestOf(key));
    if (slot === null) return this.#dropped.has(key) ? 'dropped' : 'unknown';
    if (this.#index.hasValue(slot, digestOf(inputsText(inputs)))) return 'same';
    const { input } = await this.#rowAt(this.#index.placeOf(slot));
    const columns = changedInputs(inputs, input);
    const edited = !this.#changed.has(key);
    return edited && !this.#overwrites ? { drift: columns } : { change: input, columns, edited };
  }

  async #rowAt(place: number): Promise<SnapshotRow> {
    const line = await lineAt(this.#folder, SNAPSHOT_FILE, place);
    return parseRow(line, `${this.#folder.locate(SNAPSHOT_FILE)}, byte ${place}`);
  }
}
