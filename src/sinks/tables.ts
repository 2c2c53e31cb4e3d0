import type { TableTarget } from '../contract/pipeline.ts';
import { postgres } from './postgres/index.ts';
import type { TableSink } from './port/table-sink.ts';

/** Sinks for tables of databases, by the field of a target that names them. */
export const TABLE_SINKS = { postgres } as const satisfies Record<string, TableSink>;

/** Returns the sink of a table. */
export const tableSinkOf = (_target: TableTarget): TableSink => TABLE_SINKS.postgres;
