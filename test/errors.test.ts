import { expect, test } from '@jest/globals';
import { ERRORS, RowmillError } from '../src/errors.ts';

test('an error says where, what and what to do', () => {
  const error = new RowmillError('not_found', 'no such table', { where: 'GET /v1/tables/x' });
  expect(error.message).toBe('GET /v1/tables/x: no such table');
  expect(error.remedy).toBe(ERRORS.not_found.remedy);
  expect(error.retryable).toBe(false);
});
