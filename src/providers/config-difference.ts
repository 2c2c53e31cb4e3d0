import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../contract/json.ts';
import { objectOf } from './fields.ts';

/**
 * Returns the fields of a config that the provider shows otherwise. Fields that the file leaves out
 * do not count: the provider may show its defaults there.
 */
export function configDifference(wanted: Json, shown: Json | undefined, path = ''): string[] {
  const isObject = typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted);
  if (!isObject) {
    // A field without a value may be left out.
    return isDeepStrictEqual(wanted, shown ?? null) ? [] : [path];
  }
  const there = objectOf(shown);
  return Object.entries(wanted).flatMap(([field, value]) =>
    configDifference(
      value,
      Object.hasOwn(there, field) ? there[field] : undefined,
      path === '' ? field : `${path}.${field}`,
    ),
  );
}
