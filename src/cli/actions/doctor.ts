import { EXIT } from '../../errors.ts';
import type { Cli } from '../io/context.ts';
import { checkAccounts } from '../doctor/account.ts';
import { checkEncryption } from '../doctor/encryption.ts';
import type { Finding, Health } from '../doctor/finding.ts';
import {
  checkNode,
  checkRoots,
  checkSpend,
  checkStore,
  checkServerBinary,
} from '../doctor/machine.ts';
import { checkPaces } from '../doctor/pace.ts';
import { checkTemporal } from '../doctor/temporal.ts';
import { checkWebhooks } from '../doctor/webhooks.ts';

export interface DoctorFlags {
  json?: true;
}

/** Runs all checks at once and prints them in a fixed order. */
export async function doctor(cli: Cli, flags: DoctorFlags): Promise<void> {
  const { env } = cli;
  const [store, accounts, paces, temporal, binary] = await Promise.all([
    checkStore(env),
    checkAccounts(env),
    checkPaces(env),
    checkTemporal(env),
    checkServerBinary(env),
  ]);
  const findings = [
    checkNode(),
    store,
    checkSpend(env),
    checkRoots(env),
    checkEncryption(env),
    ...accounts,
    ...paces,
    ...checkWebhooks(env),
    ...temporal,
    binary,
  ];
  const failing = findings.filter(({ health }) => health === 'fail');
  if (flags.json === true) {
    const checks = findings.map(({ name, health, text, remedy }) => ({
      name,
      health,
      text,
      remedy,
    }));
    cli.json({ ok: failing.length === 0, checks });
  } else {
    for (const finding of findings) cli.print(lineOf(finding));
  }
  if (failing.length === 0) return;
  cli.exitWith(failing.every(({ account }) => account) ? EXIT.account : EXIT.failed);
}

const WORD: Record<Health, string> = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' };
const NAME_COLUMNS = 20;

function lineOf({ name, health, text, remedy }: Finding): string {
  const line = `${WORD[health]}  ${name.padEnd(NAME_COLUMNS)}${text}`;
  return remedy === null ? line : `${line}\n      ${' '.repeat(NAME_COLUMNS)}→ ${remedy}`;
}
