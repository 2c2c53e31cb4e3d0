import { EXIT, RowmillError } from '../../errors.ts';

/** `warn`: a run may not need it, or it becomes available by itself. */
export type Health = 'ok' | 'warn' | 'fail';

export interface Finding {
  name: string;
  health: Health;
  text: string;
  /** Remedy; `null` if nothing is to be done. */
  remedy: string | null;
  /** True for a failure of the provider account. */
  account: boolean;
}

export const ok = (name: string, text: string): Finding => finding(name, 'ok', text, null);

export const warn = (name: string, text: string, remedy: string): Finding =>
  finding(name, 'warn', text, remedy);

export const fail = (name: string, text: string, remedy: string): Finding =>
  finding(name, 'fail', text, remedy);

/** Converts an error to a finding. @throws errors that are no RowmillError */
export function failed(name: string, error: unknown): Finding {
  if (!(error instanceof RowmillError)) throw error;
  return { ...fail(name, error.message, error.remedy), account: error.exit === EXIT.account };
}

const finding = (name: string, health: Health, text: string, remedy: string | null): Finding => ({
  name,
  health,
  text,
  remedy,
  account: false,
});
