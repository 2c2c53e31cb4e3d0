import type { Folder } from '../../../src/store/store.ts';
import { cellSetLines } from '../../run-files/cell-set-file.ts';

/** The cells that a pass asked for. Keeps the names of rows that its set lists one by one. */
export class AskedInPass {
  readonly #everyRow = new Set<string>();
  readonly #rows = new Map<string, Set<string>>();

  private constructor() {}

  static async read(folder: Folder, pass: number): Promise<AskedInPass> {
    const asked = new AskedInPass();
    for await (const line of cellSetLines(folder, pass)) {
      if ('asked' in line) continue;
      for (const column of line.groups.flatMap(({ columns }) => columns)) {
        if ('rowId' in line) asked.#add(column, line.rowId);
        else asked.#everyRow.add(column);
      }
    }
    return asked;
  }

  has(rowId: string, column: string): boolean {
    return this.#everyRow.has(column) || this.#rows.get(column)?.has(rowId) === true;
  }

  #add(column: string, rowId: string): void {
    const rows = this.#rows.get(column) ?? new Set();
    this.#rows.set(column, rows.add(rowId));
  }
}
