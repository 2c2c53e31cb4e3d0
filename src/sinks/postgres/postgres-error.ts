import type { PostgresTarget } from '../../contract/pipeline.ts';
import { RowmillError } from '../../errors.ts';
import { postgresFault } from '../../postgres/fault.ts';
import { quotedTable, schemaOf } from './names.ts';
import { problemAt } from './table-error.ts';

const alter = ({ table }: PostgresTarget, change: string): string =>
  `ALTER TABLE ${quotedTable(table)} ALTER COLUMN ${change};`;

const dropConstraint = ({ table }: PostgresTarget): string =>
  `Correct the value, or ALTER TABLE ${quotedTable(table)} DROP CONSTRAINT …;`;

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
  '22001': (target) => ['a text is too long for its column', alter(target, '… TYPE text')],
  '22003': (target) => ['a number is too large for its column', alter(target, '… TYPE numeric')],
  '23505': (target) => ['a value is there already', dropConstraint(target)],
  '23514': (target) => ['a value is not allowed', dropConstraint(target)],
  '54000': () => [
    'a row does not fit',
    'Take the rows from a file (`rowmill results`); keep fewer columns with `rows.keep` from now on.',
  ],
  '42501': ({ table }) => [
    'a privilege is missing',
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${quotedTable(table)} TO the user of the address.`,
  ],
};

/** States whose message names the column, the constraint or the limit. */
const NAMED_BY_SERVER = new Set(['42501', '22001', '22003', '23505', '23514', '54000']);

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
  const detail = NAMED_BY_SERVER.has(state) ? ` (${message})` : '';
  return problemAt(target, `${reason}${detail}`.slice(0, MAX_REASON_CHARS), remedy);
}
