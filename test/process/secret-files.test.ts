import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { withSecretFiles } from '../../src/process/secret-files.ts';
import { newPlace } from '../store/place.ts';

const NAMES = ['EXTRUCT_API_TOKEN', 'TEMPORAL_API_KEY'];

test('the secret of a file takes the place of its variable', async () => {
  const file = join(newPlace(), 'secret');
  await writeFile(file, 'a-token\n');
  const env = {
    EXTRUCT_API_TOKEN_FILE: file,
    ROWMILL_WEBHOOK_SECRET_BILLING_FILE: file,
    ROWMILL_GATEWAY_TOKENS_FILE: '/nowhere',
    TEMPORAL_CONFIG_FILE: '/nowhere',
    TEMPORAL_API_KEY_FILE: ' ',
  };
  expect(withSecretFiles(env, NAMES)).toEqual({
    ...env,
    EXTRUCT_API_TOKEN: 'a-token',
    ROWMILL_WEBHOOK_SECRET_BILLING: 'a-token',
  });
});

test('an ambiguous or missing secret file is refused by its variable', async () => {
  const file = join(newPlace(), 'secret');
  await writeFile(file, 'a-token');
  const refused = expect.objectContaining({ code: 'usage' });
  expect(() => withSecretFiles({ EXTRUCT_API_TOKEN_FILE: '/nowhere/x' }, NAMES)).toThrow(refused);
  const both = { EXTRUCT_API_TOKEN_FILE: file, EXTRUCT_API_TOKEN: 'other' };
  expect(() => withSecretFiles(both, NAMES)).toThrow(refused);
});
