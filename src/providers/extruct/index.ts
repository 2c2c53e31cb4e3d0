export { createExtructLiveCheck as createLiveCheck } from './live/check.ts';
export { createExtructProvider as create } from './provider.ts';
