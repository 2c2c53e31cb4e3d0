import { extructOptions } from './extruct/options.ts';
import { promptLayerState } from './promptlayer/state.ts';

/**
 * What each API keeps of its own in the world, made of its options. Apart from `APIS`, whose routes
 * are about the world: it is made of this.
 */
export const API_STATES = {
  extruct: extructOptions,
  promptLayer: promptLayerState,
} as const;

type States = typeof API_STATES;

export type ApiStates = { readonly [Name in keyof States]: ReturnType<States[Name]> };

/** What the documentation of an API leaves open, by API. */
export type ApiOptions = { -readonly [Name in keyof States]?: Parameters<States[Name]>[1] };

export function apiStates(nonce: number, options: ApiOptions): ApiStates {
  const given = new Map<string, unknown>(Object.entries(options));
  const states = Object.entries(API_STATES).map(([name, create]) => [
    name,
    // Its own options, by `ApiOptions`: more than the compiler can follow.
    (create as (nonce: number, options: unknown) => unknown)(nonce, given.get(name)),
  ]);
  // One for each name of the table.
  return Object.fromEntries(states) as ApiStates;
}
