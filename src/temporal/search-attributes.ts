import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTE } from '../contract/names.ts';
import { RowmillError } from '../errors.ts';

type AttributeType = 'Keyword' | 'Int';

/** SQL visibility stores have room for three Int attributes only: everything else is a Keyword. */
const INTS: ReadonlySet<string> = new Set([SEARCH_ATTRIBUTE.rows, SEARCH_ATTRIBUTE.failedCells]);

/** Every search attribute a run writes. One that is not registered blocks the workflow for ever. */
export const SEARCH_ATTRIBUTE_TYPES: Readonly<Record<string, AttributeType>> = Object.fromEntries(
  Object.values(SEARCH_ATTRIBUTE).map((name) => [name, INTS.has(name) ? 'Int' : 'Keyword']),
);

// Numbers of temporal.api.enums.v1.IndexedValueType.
const INDEXED_VALUE_TYPE = { Keyword: 2, Int: 3 } as const satisfies Record<AttributeType, number>;

/** Names that the namespace does not know yet. */
export async function missingSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<string[]> {
  const known = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.keys(SEARCH_ATTRIBUTE_TYPES).filter(
    (name) => !Object.hasOwn(known.customAttributes, name),
  );
}

/** Whether runs may carry them. Not every account may ask; runs do without them then. */
export const knowsSearchAttributes = (
  ...where: Parameters<typeof missingSearchAttributes>
): Promise<boolean> =>
  missingSearchAttributes(...where).then(
    (missing) => missing.length === 0,
    () => false,
  );

/**
 * Registers what is missing: a server on an older file, or one that was started otherwise.
 * @throws RowmillError `temporal_unsupported` when that is not allowed; the remedy is the command.
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
