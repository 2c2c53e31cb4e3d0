import { byName } from '../../../src/contract/by-name.ts';
import type { Json } from '../../../src/contract/json.ts';
import type { SnapshotRow } from '../../../src/contract/rows.ts';
import { ColumnConditions, type ConditionsInput } from '../../../src/rules/answers/conditions.ts';
import { matchesPattern } from '../../../src/safe-pattern.ts';
import type { RowFields } from '../../run-files/snapshot.ts';

/** Conditions of the columns, and the fields of a row that they name. */
export interface ScanConditions {
  conditions: ColumnConditions;
  fieldsOf: (row: SnapshotRow) => RowFields;
}

/**
 * Prepares conditions for a table scan. A name is looked up in this order: inputs of the table, the key
 * or a mapped column of the source, other columns of the source.
 */
export function scanConditions({ when, key, map }: ConditionsInput): ScanConditions {
  const names = new Set(Object.values(when).flatMap((one) => Object.keys(one)));
  const inputOf = new Map(Object.entries(map).map(([input, source]) => [source, input]));
  const fieldOf = ({ key: own, input, source = {} }: SnapshotRow, name: string): Json => {
    if (Object.hasOwn(input, name)) return input[name] ?? null;
    if (name === key) return own;
    const mapped = inputOf.get(name);
    if (mapped !== undefined && Object.hasOwn(input, mapped)) return input[mapped] ?? null;
    return Object.hasOwn(source, name) ? (source[name] ?? null) : null;
  };
  return {
    conditions: new ColumnConditions(when, matchesPattern),
    fieldsOf: (row) => byName([...names].map((name) => [name, fieldOf(row, name)] as const)),
  };
}
