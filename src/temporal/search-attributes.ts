import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTE } from '../contract/names.ts';
import { RowmillError } from '../errors.ts';

type AttributeType = 'Keyword' | 'Int';

/**
 * Integer attributes: SQL visibility stores have three Int columns only, so all others are
 * Keywords.
 */
const INTS: ReadonlySet<string> = new Set([SEARCH_ATTRIBUTE.rows, SEARCH_ATTRIBUTE.failedCells]);

/** Types of all search attributes of a run. An unregistered one blocks the workflow for ever. */
export const SEARCH_ATTRIBUTE_TYPES: Readonly<Record<string, AttributeType>> = Object.fromEntries(
  Object.values(SEARCH_ATTRIBUTE).map((name) => [name, INTS.has(name) ? 'Int' : 'Keyword']),
);

// Numbers of temporal.api.enums.v1.IndexedValueType.
const INDEXED_VALUE_TYPE = { Keyword: 2, Int: 3 } as const satisfies Record<AttributeType, number>;

/** Lists the search attributes that the namespace lacks. */
export async function missingSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<string[]> {
  const known = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.keys(SEARCH_ATTRIBUTE_TYPES).filter(
    (name) => !Object.hasOwn(known.customAttributes, name),
  );
}

/**
 * Checks whether runs may set search attributes. An account without the right to ask runs without
 * them.
 */
export const knowsSearchAttributes = (
  ...where: Parameters<typeof missingSearchAttributes>
): Promise<boolean> =>
  missingSearchAttributes(...where).then(
    (missing) => missing.length === 0,
    () => false,
  );

/**
 * Registers missing search attributes: the server's file may be older, or another tool started it.
 * @throws RowmillError `temporal_unsupported` if that is not allowed; the remedy is the command
 */
export async function ensureSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<void> {
  const missing = await missingSearchAttributes(connection, namespace);
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(
    missing.map((name) => [name, INDEXED_VALUE_TYPE[typeOf(name)]]),
  );
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (cause) {
    throw new RowmillError(
      'temporal_unsupported',
      `the search attributes ${missing.join(', ')} are missing and cannot be added from here`,
      {
        where: `namespace ${namespace}`,
        remedy: `Run: ${createCommand(namespace, missing)}`,
        cause,
      },
    );
  }
}

const typeOf = (name: string): AttributeType => SEARCH_ATTRIBUTE_TYPES[name] ?? 'Keyword';

const createCommand = (namespace: string, names: string[]): string =>
  [
    `temporal operator search-attribute create --namespace ${namespace}`,
    ...names.map((name) => `--name ${name} --type ${typeOf(name)}`),
  ].join(' ');
