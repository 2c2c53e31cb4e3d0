import { EXIT } from '../../errors.ts';
import type { Cli } from '../context.ts';
import { lookAtAccounts } from '../doctor/account.ts';
import type { Finding, Health } from '../doctor/finding.ts';
import {
  lookAtNode,
  lookAtRoots,
  lookAtSpend,
  lookAtStore,
  lookForServerBinary,
} from '../doctor/machine.ts';
import { lookAtTemporal } from '../doctor/temporal.ts';
import { lookAtWebhooks } from '../doctor/webhooks.ts';

export interface DoctorFlags {
  json?: true;
}

/** Looks at everything at once and tells it in the same order. */
export async function doctor(cli: Cli, flags: DoctorFlags): Promise<void> {
  const { env } = cli;
  const [store, accounts, temporal, binary] = await Promise.all([
    lookAtStore(env),
    lookAtAccounts(env),
    lookAtTemporal(env),
    lookForServerBinary(env),
  ]);
  const findings = [
    lookAtNode(),
    store,
    lookAtSpend(env),
    lookAtRoots(env),
    ...accounts,
    ...lookAtWebhooks(env),
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
