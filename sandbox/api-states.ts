import { extructOptions } from './extruct/options.ts';
import { promptLayerState } from './promptlayer/state.ts';

/**
 * Constructors of each API's own state, from its options. Separate from `APIS`, whose routes use
 * that state.
 */
export const API_STATES = {
  extruct: extructOptions,
  promptLayer: promptLayerState,
} as const;

type States = typeof API_STATES;

export type ApiStates = { readonly [Name in keyof States]: ReturnType<States[Name]> };

/** Options for what the documentation of an API leaves open, by API. */
export type ApiOptions = { -readonly [Name in keyof States]?: Parameters<States[Name]>[1] };

export function apiStates(nonce: number, options: ApiOptions): ApiStates {
  const given = new Map<string, unknown>(Object.entries(options));
  const states = Object.entries(API_STATES).map(([name, create]) => [
    name,
    // Safe cast: options belong to their API by `ApiOptions`, which the compiler cannot follow.
    (create as (nonce: number, options: unknown) => unknown)(nonce, given.get(name)),
  ]);
  // Safe cast: one entry for each name of the table.
  return Object.fromEntries(states) as ApiStates;
}
