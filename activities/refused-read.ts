import { RowmillError } from '../src/errors.ts';

/**
 * A read that was refused at each of its tries. It changes nothing, so that it may be tried again:
 * one odd reply is no reason to give up what is paid.
 */
export class RefusedRead extends RowmillError {
  constructor(refusal: RowmillError) {
    const { code, what, where, remedy, requestId } = refusal;
    super(code, what, {
      where,
      remedy,
      cause: refusal,
      ...(requestId === null ? {} : { requestId }),
    });
  }
}
