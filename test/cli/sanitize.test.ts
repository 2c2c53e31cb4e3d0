import { expect, test } from '@jest/globals';
import { styleText } from 'node:util';
import { sanitize, sanitizeKeepingColour } from '../../src/cli/io/sanitize.ts';
import { sanitizeJson } from '../../src/contract/control-characters.ts';

const EVIL = [
  ['a link (OSC 8)', '\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007'],
  ['a title', '\u001b]0;owned\u0007'],
  ['a title by C1', '\u009d0;owned\u009c'],
  ['a clear screen', '\u001b[2J\u001b[H'],
  ['a clear screen by C1', '\u009b2J'],
  ['the clipboard (OSC 52)', '\u001b]52;c;cm0gLXJm\u0007'],
  ['a bell and backspaces', 'safe\u0008\u0008\u0008\u0008evil\u0007'],
  ['a carriage return over the line', 'error\rok   '],
  ['direction marks', 'a\u202eb\u2066c\u2069d\u200fe\u061cf'],
  ['other line ends', 'a\u2028b\u2029c\u000bd\u000ce\u0085f'],
  ['a reset of the terminal', '\u001bc'],
  ['concealed text', '\u001b[8mhidden\u001b[30;40m'],
] as const;

const CONTROL =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

test.each(EVIL)('%s does nothing to a terminal', (_what, text) => {
  expect(sanitize(text)).not.toMatch(CONTROL);
  expect(sanitizeKeepingColour(text)).not.toMatch(CONTROL);
  const json = sanitizeJson({ [text]: text });
  expect(json).not.toMatch(CONTROL);
  // Nothing is lost for a program.
  expect(JSON.parse(json)).toEqual({ [text]: text });
});

test('colours of ours stay', () => {
  const ours = styleText(['bold', 'red'], 'error', { validateStream: false });
  expect(sanitizeKeepingColour(`${ours} \u001b[2Jx`)).toBe(`${ours} \ufffd[2Jx`);
});
