import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { PlannedColumn, ProviderSpec } from './provider-spec.ts';

/** Facts that change estimates and requests: found by a check, or set by the account's owner. */
const learnedFacts = z.strictObject({
  /** Maximum rows per page. */
  rowsPerPage: z.int().min(1).optional(),
  /** Maximum rows per request. */
  rowsPerAdd: z.int().min(1).optional(),
  /** Credits per cell, by kind of column. */
  credits: z.record(z.string(), z.number().nonnegative()).optional(),
});
export type LearnedFacts = z.infer<typeof learnedFacts>;

const finding = z.looseObject({ name: z.string(), verdict: z.string(), found: z.string() });

/** Facts file. Contains no secret, no row and no id of the account. */
export const factsFile = z.looseObject({
  format: z.literal(1),
  provider: z.string(),
  /** API that the facts are about: see `apiName`. */
  api: z.string(),
  rowmill: z.string().optional(),
  checkedAt: z.string().optional(),
  spent: z.looseObject({}).optional(),
  facts: z.array(finding).default([]),
  learned: learnedFacts.default({}),
  /** Facts set by the owner. A check keeps them, and they take precedence over its findings. */
  set: learnedFacts.default({}),
});
export type FactsFile = z.infer<typeof factsFile>;

/**
 * Returns the public address as it is, and any other one, which may name a company, as a digest.
 */
export const apiName = (spec: ProviderSpec, baseUrl: string): string => {
  const [own, given] = [spec.baseUrl, baseUrl].map((url) => url.replace(/\/+$/, ''));
  if (given === own) return spec.baseUrl;
  return `sha256:${createHash('sha256')
    .update(given ?? '')
    .digest('hex')
    .slice(0, 16)}`;
};

export const usedFacts = ({ learned, set }: FactsFile): LearnedFacts => ({
  ...learned,
  ...set,
  credits: { ...learned.credits, ...set.credits },
});

export const mergeLearned = (all: readonly LearnedFacts[]): LearnedFacts =>
  all.reduce<LearnedFacts>(
    (merged, one) => ({
      ...merged,
      ...one,
      ...(merged.credits === undefined && one.credits === undefined
        ? {}
        : { credits: { ...merged.credits, ...one.credits } }),
    }),
    {},
  );

/** Applies the limits and prices that were found. Limits are only ever lowered. */
export function withFacts(spec: ProviderSpec, facts: LearnedFacts | null): ProviderSpec {
  if (facts === null) return spec;
  return {
    ...spec,
    limits: lowered(spec.limits, facts),
    plan: (table) => spec.plan(table).map((column) => priced(column, facts)),
  };
}

export const lowered = (
  { rowsPerAdd, rowsPerPage }: ProviderSpec['limits'],
  facts: LearnedFacts | null,
): ProviderSpec['limits'] => ({
  rowsPerAdd: Math.min(rowsPerAdd, facts?.rowsPerAdd ?? Infinity),
  rowsPerPage: Math.min(rowsPerPage, facts?.rowsPerPage ?? Infinity),
});

function priced(column: PlannedColumn, { credits }: LearnedFacts): PlannedColumn {
  const kind = column.priceKind ?? '';
  const price = credits !== undefined && Object.hasOwn(credits, kind) ? credits[kind] : undefined;
  if (column.input || price === undefined) return column;
  return { ...column, paid: price > 0, creditsWeight: price };
}
