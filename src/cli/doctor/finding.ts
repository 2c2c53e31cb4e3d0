import { EXIT, RowmillError } from '../../errors.ts';

/** `warn`: a run may do without it, or it comes by itself. */
export type Health = 'ok' | 'warn' | 'fail';

export interface Finding {
  name: string;
  health: Health;
  text: string;
  /** What to do; `null` when there is nothing to do. */
  remedy: string | null;
  /** Of what fails: whether it is the account's business. */
  account: boolean;
}

export const ok = (name: string, text: string): Finding => finding(name, 'ok', text, null);

export const warn = (name: string, text: string, remedy: string): Finding =>
  finding(name, 'warn', text, remedy);

export const fail = (name: string, text: string, remedy: string): Finding =>
  finding(name, 'fail', text, remedy);

/** @throws what is none of ours */
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
