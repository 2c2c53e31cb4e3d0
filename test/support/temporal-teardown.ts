import type {} from './temporal-setup.ts';

export default async function teardown(): Promise<void> {
  await globalThis.rowmillServer?.stop();
}
