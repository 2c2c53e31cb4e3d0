import { RowmillError, type ErrorCode } from '../../errors.ts';
import { SpecError, type SpecIssue } from '../../spec/index.ts';
import { PIPELINE_NAME } from '../../client/pipelines/read.ts';

/** Error in transit from a thread, which would lose its class. */
export interface PackedError {
  code: ErrorCode;
  what: string;
  where: string | null;
  remedy: string;
  issues: readonly SpecIssue[] | null;
}

export function packed(error: unknown): PackedError {
  if (!(error instanceof RowmillError)) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const { remedy } = new RowmillError('internal', what);
    return { code: 'internal', what, where: null, remedy, issues: null };
  }
  const { code, what, where, remedy } = error;
  return { code, what, where, remedy, issues: error instanceof SpecError ? error.issues : null };
}

export function unpacked({ code, what, where, remedy, issues }: PackedError): RowmillError {
  if (issues !== null && isSpecCode(code)) return new SpecError(PIPELINE_NAME, issues, code);
  return new RowmillError(code, what, { where, remedy });
}

const SPEC_CODES = ['spec_invalid', 'spec_has_secret', 'rows_invalid', 'source_not_found'] as const;

const isSpecCode = (code: ErrorCode): code is (typeof SPEC_CODES)[number] =>
  SPEC_CODES.some((one) => one === code);
