import { expect, test } from '@jest/globals';
import { RowmillError } from '../../src/errors.ts';
import { parseBaseUrl } from '../../src/http/base-url.ts';

test.each([
  ['https://api.extruct.ai', 'https://api.extruct.ai/'],
  ['https://proxy.example/extruct/', 'https://proxy.example/extruct'],
  [' http://127.0.0.1:8080 ', 'http://127.0.0.1:8080/'],
  ['http://127.9.9.9/x', 'http://127.9.9.9/x'],
  ['http://[::1]:3000', 'http://[::1]:3000/'],
  ['http://localhost:3000', 'http://localhost:3000/'],
])('%s is a base URL', (text, href) => {
  expect(parseBaseUrl(text).href).toBe(href);
});

test.each([
  ['http://api.extruct.ai', 'plain http'],
  ['http://127.0.0.1.evil.example', 'plain http'],
  ['http://localhost.evil.example', 'plain http'],
  ['http://10.0.0.1', 'plain http'],
  ['ftp://127.0.0.1', 'neither https: nor http:'],
  ['https://me:pass-word@api.extruct.ai', 'credentials'],
  ['https://api.extruct.ai?key=pass-word', 'query'],
  ['https://api.extruct.ai/#x', 'fragment'],
  ['pass-word', 'not a URL'],
  ['pass-word:pass-word', 'neither https: nor http:'],
  ['', 'not a URL'],
])('%s is refused: %s', (text, problem) => {
  let error: unknown;
  try {
    parseBaseUrl(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(RowmillError);
  expect(error).toMatchObject({ code: 'base_url_invalid' });
  expect(String(error)).toContain(problem);
  expect(String(error)).not.toContain('pass-word');
});
