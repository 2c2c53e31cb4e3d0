import type { Json, JsonObject } from '../contract/json.ts';

/** Readers for untrusted fields of configs and cells: a value of another type counts as empty. */

export const objectOf = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};

export const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

export const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
