import { RowmillError, type ErrorContext } from '../errors.ts';

/**
 * A table that the provider has made and does not let be filled, or does not make in this way. The same
 * provider makes its next ones in another way.
 */
export class UnusableTable extends RowmillError {
  constructor(what: string, context: ErrorContext) {
    super('request_refused', what, context);
  }
}
