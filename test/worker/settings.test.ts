import { expect, test } from '@jest/globals';
import { DEFAULT_TASK_QUEUE } from '../../src/contract/names.ts';
import { workerSettings } from '../../src/worker/settings.ts';

const QUEUE = 'from-env';

test('without anything the presets count', () => {
  expect(workerSettings({})).toEqual({
    taskQueue: DEFAULT_TASK_QUEUE,
    store: '.rowmill/store',
    logLevel: 'INFO',
    healthHost: '127.0.0.1',
    healthPort: 9464,
    shutdownGraceMs: 20_000,
    shutdownForceMs: 60_000,
    searchAttributes: true,
    bundlePath: null,
  });
});

test('a flag comes before its variable', () => {
  const env = { ROWMILL_TASK_QUEUE: QUEUE, ROWMILL_HEALTH_PORT: '1', ROWMILL_STORE: ' ' };
  const { taskQueue, healthPort, store } = workerSettings(env, { healthPort: '0' });
  expect({ taskQueue, healthPort, store }).toEqual({
    taskQueue: QUEUE,
    healthPort: 0,
    store: '.rowmill/store',
  });
});

test('times, levels and switches are parsed', () => {
  const env = {
    ROWMILL_SHUTDOWN_GRACE: '1m30s',
    ROWMILL_LOG_LEVEL: 'warn',
    ROWMILL_SEARCH_ATTRIBUTES: 'OFF',
  };
  expect(workerSettings(env)).toMatchObject({
    shutdownGraceMs: 90_000,
    logLevel: 'WARN',
    searchAttributes: false,
  });
});

test.each([
  ['ROWMILL_HEALTH_PORT', '70000'],
  ['ROWMILL_SHUTDOWN_FORCE', 'a while'],
  ['ROWMILL_LOG_LEVEL', 'loud'],
  ['ROWMILL_SEARCH_ATTRIBUTES', 'maybe'],
])('%s=%s is refused by name', (variable, value) => {
  expect(() => workerSettings({ [variable]: value })).toThrow(
    expect.objectContaining({ code: 'usage', where: variable }),
  );
});

test('a flag that is refused is named as a flag', () => {
  expect(() => workerSettings({}, { healthPort: '-1' })).toThrow(
    expect.objectContaining({ code: 'usage', where: '--health-port' }),
  );
});
