import { expect, test } from '@jest/globals';
import { ERRORS, RowmillError } from '../src/errors.ts';

test('an error carries the remedy of its code', () => {
  const error = new RowmillError('not_found', 'no such table', { where: 'GET /v1/tables/x' });
  expect(error.message).toBe('GET /v1/tables/x: no such table');
  expect(error.remedy).toBe(ERRORS.not_found.remedy);
  expect(error.retryable).toBe(false);
});

test('commands of a remedy name the run that the place begins with', () => {
  const remedyOf = (where: string) => new RowmillError('action_refused', 'x', { where }).remedy;
  expect(remedyOf('run nightly-2026-01-31T21:03:00Z')).toBe(
    'See `rowmill status nightly-2026-01-31T21:03:00Z`.',
  );
  expect(remedyOf('run a, POST /v1/x')).toBe('See `rowmill status a`.');
  // A shell would take it for more than a word.
  expect(remedyOf('run $(reboot)')).toBe('See `rowmill status RUN`.');
  expect(remedyOf('pipeline.yaml')).toBe('See `rowmill status RUN`.');
});
