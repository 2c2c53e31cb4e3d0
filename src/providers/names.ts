/** Providers by name, the preset first. On its own, for those who need no more than the names. */
export const PROVIDER_NAMES = ['extruct', 'promptlayer'] as const;

export type ProviderName = (typeof PROVIDER_NAMES)[number];
