export { createPromptLayerLiveCheck as createLiveCheck } from './live/check.ts';
export { createPromptLayerProvider as create } from './provider.ts';
