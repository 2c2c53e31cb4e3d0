import { resolve } from 'node:path';
import type { Republished } from '../../client/runs/files/publish.ts';
import { resultFormatOf } from '../../sinks/index.ts';
import { TABLE_PATTERN } from '../../sinks/postgres/names.ts';
import type { Cli } from '../io/context.ts';
import { formatCount, shortPath } from '../io/format.ts';
import { printError } from '../io/print-error.ts';
import { printWarnings } from '../io/rows-report.ts';
import { findStored } from '../run/find-stored.ts';
import type { HereFlags } from '../run/runs-session.ts';

export interface PublishFlags extends HereFlags {
  to?: string;
  json?: true;
}

/** Publishes the results of a run to its targets again; one that fails keeps no other from them. */
export async function publish(cli: Cli, workflowId: string, flags: PublishFlags): Promise<void> {
  const stored = await findStored(cli, workflowId, flags);
  const wanted = flags.to === undefined ? {} : { wanted: targetNamed(flags.to) };
  const published = await stored.republish({ env: cli.env, ...wanted });
  if (flags.json === true) cli.json({ workflowId, published: published.map(asJson) });
  for (const one of published) {
    if ('problem' in one) cli.exitWith(await printError(cli, one.problem));
    else if (flags.json !== true) cli.print(textOf(one));
    if ('reportProblem' in one) printWarnings(cli, [`no report: ${one.reportProblem}`]);
  }
}

/** Resolves a path: what ends like results, or is neither a table nor an address. */
function targetNamed(to: string): string {
  const isTable = TABLE_PATTERN.test(to) && resultFormatOf(to) === null;
  return isTable || ADDRESS.test(to) ? to : resolve(to);
}

/** `s3://bucket/key`, or the name of a table with its variable. */
const ADDRESS = /^[a-z0-9]+:/i;

const textOf = ({ to, rows, repeated }: Extract<Republished, { rows: number }>): string =>
  `${shortPath(to)} (${formatCount(rows, 'row')}${repeated === true ? ', already there' : ''})`;

const asJson = (one: Republished): object =>
  'problem' in one
    ? {
        to: one.to,
        problem: {
          code: one.problem.code,
          message: one.problem.what,
          remedy: one.problem.remedy,
        },
      }
    : one;
