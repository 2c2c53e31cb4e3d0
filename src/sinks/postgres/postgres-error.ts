import type { PostgresTarget } from '../../contract/pipeline.ts';
import { RowmillError } from '../../errors.ts';
import { postgresFault } from '../../postgres/fault.ts';
import { quotedTable, schemaOf } from './names.ts';
import { problemAt } from './problem.ts';

/** Reasons and remedies by SQLSTATE. */
const BY_STATE: Readonly<Record<string, (target: PostgresTarget) => [string, string]>> = {
  '28P01': ({ urlEnv }) => ['the password is refused', `Correct the address in ${urlEnv}.`],
  '28000': ({ urlEnv }) => ['the user is refused', `Correct the address in ${urlEnv}.`],
  '3D000': ({ urlEnv }) => ['there is no such database', `Correct the address in ${urlEnv}.`],
  '3F000': ({ table }) => [
    `there is no schema ${schemaOf(table)}`,
    `CREATE SCHEMA ${schemaOf(table)};`,
  ],
  '55P03': () => ['another session holds a lock on the table', 'Repeat it: rowmill publish RUN.'],
  '57014': () => ['the server ended the statement', 'Repeat it: rowmill publish RUN.'],
  '42501': ({ table }) => [
    'a privilege is missing',
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${quotedTable(table)} TO the user of the address.`,
  ],
};

/** Maximum length of what the server says. */
const MAX_REASON_CHARS = 300;

/** Converts an error of the library; it never quotes the address. */
export function postgresError(target: PostgresTarget, error: unknown): unknown {
  if (error instanceof RowmillError) return error;
  const fault = postgresFault(error);
  if (fault === null) return error;
  if (fault.state === null) {
    return problemAt(
      target,
      `the server does not answer (${fault.code})`,
      `Check the address in ${target.urlEnv} and the network, then repeat: rowmill publish RUN.`,
    );
  }
  const { state, message } = fault;
  const [reason, remedy] = BY_STATE[state]?.(target) ?? [
    `the server says: ${message}`,
    'Correct it, and repeat: rowmill publish RUN.',
  ];
  const detail = state === '42501' ? ` (${message})` : '';
  return problemAt(target, `${reason}${detail}`.slice(0, MAX_REASON_CHARS), remedy);
}
