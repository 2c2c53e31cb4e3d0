import { RowmillError } from '../errors.ts';

/** A provider asked back about more cells than it may be told yes to; nothing runs. */
export class UnapprovedCells extends RowmillError {
  /** As the provider counts them. */
  readonly cells: number;

  constructor(cells: number, approved: number, where: string) {
    super('spend_refused', `the provider would run ${cells} cells, ${approved} were approved`, {
      where,
    });
    this.cells = cells;
  }
}
