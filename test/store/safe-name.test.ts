import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { safeName } from '../../src/store/safe-name.ts';

test('a plain id keeps its name', () => {
  for (const id of ['sp500-profile-20250101-023000', 'a', '0196f0e2-5b7c-7d5e-9c1a-0123456789ab']) {
    expect(safeName(id)).toBe(id);
  }
});

test('an id that had to change keeps a readable beginning and gets a hash', () => {
  expect(safeName('Nightly / S&P 500')).toMatch(/^nightly-s-p-500~[0-9a-f]{24}$/);
  expect(safeName('naïve')).toMatch(/^na-ve~[0-9a-f]{24}$/);
  expect(safeName('x'.repeat(1000))).toMatch(/^x{48}~[0-9a-f]{24}$/);
});

test.each(['', '.', '..', '../../etc/passwd', '/etc', 'a/b', 'a\\b', 'a\0b', '~root', '.hidden'])(
  'no way out of the folder: %j',
  (id) => {
    expect(safeName(id)).toMatch(/^[a-z0-9][a-z0-9-]*~[0-9a-f]{24}$/);
  },
);

test.each(['con', 'nul.txt', 'com1', 'lpt9.log', 'aux', 'prn', 'end.', 'CON'])(
  'a name that Windows keeps for itself is not used: %s',
  (id) => {
    expect(safeName(id)).toMatch(/~[0-9a-f]{24}$/);
  },
);

test('ids that differ in case, normal form, a lone surrogate or the tail stay apart', () => {
  const ids = ['run', 'Run', 'RUN', 'é', 'e\u0301', '\ud800', '\ud801', '\ufffd'];
  const long = ['x'.repeat(999) + 'a', 'x'.repeat(999) + 'b'];
  // The hashed name of another id, sent as an id.
  const copied = safeName('Run');
  const names = [...ids, ...long, copied].map((id) => safeName(id).toLowerCase());
  expect(new Set(names).size).toBe(names.length);
});

test('any two ids have two names, on file systems blind to case too', () => {
  const id = fc.string({ unit: fc.constantFrom('a', 'A', '/', '.', '~', '-', 'é', '\ud83d', '1') });
  fc.assert(
    fc.property(id, id, (one, other) => {
      const [a, b] = [safeName(one), safeName(other)];
      expect(a).toMatch(/^[a-z0-9][a-z0-9._~-]{0,120}$/);
      expect(a === b).toBe(one === other);
    }),
    { numRuns: 500 },
  );
});
