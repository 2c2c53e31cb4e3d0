import type { FlatType } from '../formats/flat-columns.ts';

/** Types of columns that rowmill creates. */
export const CREATED: Readonly<Record<FlatType, string>> = {
  text: 'text',
  number: 'double precision',
  integer: 'bigint',
  boolean: 'boolean',
  json: 'jsonb',
  texts: 'text[]',
};

/** Types of existing columns that take the values, as the catalog names them. */
const TAKES: Readonly<Record<FlatType, readonly string[]>> = {
  text: ['text', 'varchar'],
  number: ['float8', 'numeric'],
  integer: ['int8', 'numeric'],
  boolean: ['bool'],
  json: ['jsonb', 'json'],
  texts: ['_text'],
};

export const takes = (type: FlatType, existing: string): boolean => TAKES[type].includes(existing);

const TEXTS: readonly string[] = ['text', 'varchar', 'bpchar'];
const NUMBERS: readonly string[] = ['int2', 'int4', 'int8', 'float4', 'float8', 'numeric'];

/** Checks whether PostgreSQL casts an existing column directly. Any other one is cast by its text. */
export const castsDirectly = (existing: string, type: FlatType): boolean =>
  type === 'text' ||
  TEXTS.includes(existing) ||
  (NUMBERS.includes(existing) && (type === 'number' || type === 'integer'));
