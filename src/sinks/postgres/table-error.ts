import type { PostgresTarget } from '../../contract/pipeline.ts';
import { RowmillError } from '../../errors.ts';

/** Name of a target in messages. It never has the address, which may have a password. */
export const nameOf = ({ urlEnv, table }: Pick<PostgresTarget, 'urlEnv' | 'table'>): string =>
  `postgres:${urlEnv}/${table}`;

/** Builds the error for a table that cannot receive results. */
export const problemAt = (target: PostgresTarget, reason: string, remedy: string): RowmillError =>
  new RowmillError('sink_unwritable', `the results cannot be written here: ${reason}`, {
    where: nameOf(target),
    remedy,
  });
