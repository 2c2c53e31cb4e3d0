import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/contract/json.ts';
import {
  formatOfMediaType,
  RESULT_FORMATS,
  resultFormatOf,
  sinkOf,
  SINKS,
} from '../../src/sinks/index.ts';

test('a path and a media type lead to one format each', () => {
  for (const { name, extension, mediaTypes } of RESULT_FORMATS) {
    expect(resultFormatOf(`out/results${extension}`)).toBe(name);
    expect(resultFormatOf(`out/results${extension.toUpperCase()}`)).toBe(name);
    expect(mediaTypes.map(formatOfMediaType)).toEqual(mediaTypes.map(() => name));
  }
  expect(resultFormatOf('out/results.json')).toBeNull();
  expect(formatOfMediaType('image/png')).toBeNull();
});

test('every sink of files takes its own formats', () => {
  for (const sink of SINKS.filter(({ schemes }) => schemes.includes('file'))) {
    for (const { name, extension } of sink.formats) {
      expect(sinkOf({ to: `/data/results${extension}`, format: name })).toBe(sink);
    }
  }
});

test('a target that no sink takes is refused with a code', () => {
  const code = 'sink_unwritable';
  expect(() => sinkOf({ to: '/data/x.xml', format: 'xml' })).toThrow(
    expect.objectContaining({ code }),
  );
  expect(() => sinkOf({ to: 'ftp://host/x.csv', format: 'csv' })).toThrow(
    expect.objectContaining({ code }),
  );
});

test('the gateway offers every format', async () => {
  const url = new URL('../../schema/openapi.json', import.meta.url);
  const text = JSON.stringify(
    (JSON.parse(await readFile(url, 'utf8')) as { paths: Record<string, JsonObject> }).paths[
      '/v1/runs/{id}/results'
    ],
  );
  for (const { name, mediaTypes } of RESULT_FORMATS) {
    expect(text).toContain(JSON.stringify(mediaTypes[0]));
    expect(text).toContain(JSON.stringify(name));
  }
});
