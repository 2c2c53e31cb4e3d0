import { z } from 'zod';
import type { PostgresTarget } from '../../contract/pipeline.ts';
import { TABLE_MODES } from '../../contract/pipeline.ts';
import { TABLE_PATTERN } from '../../sinks/postgres/names.ts';

const VARIABLE_ALLOWED = 'the name of an environment variable, like WAREHOUSE_URL';
const TABLE_ALLOWED = 'schema.table or table, of letters, digits and "_"';

/** Schema of a table of PostgreSQL in `results`. */
export const postgresFile = z
  .strictObject({
    urlEnv: z
      .string(VARIABLE_ALLOWED)
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, VARIABLE_ALLOWED)
      .describe('Environment variable of the worker with the address: postgres://…'),
    table: z
      .string(TABLE_ALLOWED)
      .regex(TABLE_PATTERN, TABLE_ALLOWED)
      .describe('Table, made if it is not there. Without a schema in public.'),
    mode: z
      .enum(TABLE_MODES)
      .optional()
      .describe(
        'upsert updates rows of the same key, append adds rows, replace deletes all rows first. Default upsert.',
      ),
  })
  .describe('A table of PostgreSQL that gets the results in one transaction.');

/** Schema of the same in the workflow's argument. */
export const postgresInput = z.strictObject({
  urlEnv: postgresFile.shape.urlEnv,
  table: postgresFile.shape.table,
  mode: z.enum(TABLE_MODES),
});

export const postgresOf = ({
  urlEnv,
  table,
  mode = 'upsert',
}: z.output<typeof postgresFile>): PostgresTarget => ({ urlEnv, table, mode });
