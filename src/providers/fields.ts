import type { Json, JsonObject } from '../contract/json.ts';

/** Fields of configs and cells that may hold anything: what is of another kind counts as empty. */

export const objectOf = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};

export const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

export const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
