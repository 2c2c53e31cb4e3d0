import { expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { FaultScriptError, parseScript, readScript } from '../../sandbox/index.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/faults/', import.meta.url));

const mistakesOf = (text: string): readonly string[] => {
  try {
    parseScript(text, 'script.yaml');
  } catch (error) {
    if (error instanceof FaultScriptError) return error.mistakes;
  }
  return [];
};

test('every mistake is named, with its line', () => {
  const mistakes = mistakesOf(`seed: -1
requests:
  - { on: POST /v1/tables, fault: rest }
  - { on: /v1/tables, fault: reset }
  - { on: POST /v1/tables, fault: delay, ms: soon }
  - { on: POST /v1/tables, fault: late, afterMs: 10, colour: red }
cells:
  - { fault: stuck, share: 2 }
`);
  expect(mistakes.map((text) => text.split(' ').slice(0, 2).join(' '))).toEqual([
    '1:7 seed:',
    '3:35 requests.0.fault:',
    '4:11 requests.1.on:',
    '5:46 requests.2.ms:',
    '6:5 requests.3:',
    '8:28 cells.0.share:',
  ]);
  expect(mistakes[1]).toContain('"fault" is one of: delay, reset, late');
  expect(mistakes[4]).toContain('colour');
});

test.each([
  ['two ways to choose', '{requests: [{on: GET /, fault: reset, nth: 1, every: 2}]}', 'choose one'],
  ['from after to', '{requests: [{on: GET /, fault: reset, from: 3, to: 2}]}', 'is below "from"'],
  [
    'one name for two rules',
    '{requests: [{name: a, on: GET /, fault: reset}], cells: [{name: a, fault: stuck, share: 1}]}',
    'another rule is called "a"',
  ],
  ['broken YAML', 'requests: [', 'script.yaml'],
  ['not a script at all', '[]', 'expected object'],
])('refused: %s', (_what, text, said) => {
  expect(() => parseScript(text, 'script.yaml')).toThrow(said);
});

test('a file that is not there is a mistake of the script', async () => {
  await expect(readScript('/nowhere/faults.yaml')).rejects.toThrow(FaultScriptError);
});

test('every example is a script', async () => {
  const files = (await readdir(EXAMPLES)).filter((name) => name.endsWith('.yaml'));
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) await readScript(`${EXAMPLES}${file}`);
});
