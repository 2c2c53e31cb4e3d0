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
  '55P03': () => ['another session holds a lock on the table', 'Repeat it later.'],
  '57014': () => ['the server ended the statement', 'Repeat it later.'],
  '42501': ({ table }) => [
    'a privilege is missing',
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${quotedTable(table)} TO the user of the address.`,
  ],
};

/** Maximum length of what the server says. */
const MAX_REASON_CHARS = 300;

/** Reason and remedy of 42501 while the connection is opened. */
const noConnect = ({ urlEnv }: PostgresTarget): [string, string] => [
  'the privilege CONNECT on the database is missing',
  `GRANT CONNECT ON DATABASE … TO …, with the database and the user of ${urlEnv}.`,
];

/** Converts an error of the library; it never quotes the address. */
export function postgresError(
  target: PostgresTarget,
  error: unknown,
  { connected }: { connected: boolean },
): unknown {
  if (error instanceof RowmillError) return error;
  const fault = postgresFault(error);
  if (fault === null) return error;
  if (fault.state === null) {
    return problemAt(
      target,
      `the server does not answer (${fault.code})`,
      `Check the address in ${target.urlEnv} and the network, and repeat it.`,
    );
  }
  const { state, message } = fault;
  const known = state === '42501' && !connected ? noConnect(target) : BY_STATE[state]?.(target);
  const [reason, remedy] = known ?? [`the server says: ${message}`, 'Correct it, and repeat it.'];
  const detail = state === '42501' ? ` (${message})` : '';
  return problemAt(target, `${reason}${detail}`.slice(0, MAX_REASON_CHARS), remedy);
}
