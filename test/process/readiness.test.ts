import { expect, test } from '@jest/globals';
import { createReadiness, type WorkerState } from '../../src/process/readiness.ts';

const running = (): WorkerState => 'running';

test('ready when the worker runs and nothing is missing', async () => {
  const readiness = createReadiness({
    worker: running,
    needs: { temporal: () => Promise.resolve(), store: () => Promise.resolve() },
  });
  expect(await readiness.read()).toEqual({
    ready: true,
    checks: { worker: 'ok', temporal: 'ok', store: 'ok' },
  });
});

test.each(['starting', 'not polling', 'draining', 'stopped', 'failed'] as const)(
  'a worker that is %s is not ready, without a request',
  async (state) => {
    let asked = 0;
    const readiness = createReadiness({
      worker: () => state,
      needs: { store: () => Promise.resolve((asked += 1)) },
    });
    expect(await readiness.read()).toEqual({ ready: false, checks: { worker: state } });
    expect(asked).toBe(0);
  },
);

test('what is missing is named', async () => {
  const readiness = createReadiness({
    worker: running,
    needs: {
      temporal: () => Promise.resolve(),
      store: () => Promise.reject(new Error('the disk is gone')),
    },
  });
  expect(await readiness.read()).toMatchObject({
    ready: false,
    checks: { store: 'the disk is gone' },
  });
});

test('a check that stalls fails', async () => {
  const readiness = createReadiness({
    worker: running,
    needs: { store: () => new Promise(() => undefined) },
    timeoutMs: 10,
  });
  expect(await readiness.read()).toMatchObject({ ready: false });
});

test('needs are checked once for all requests within a time', async () => {
  let asked = 0;
  const needs = { store: () => Promise.resolve((asked += 1)) };
  const rarely = createReadiness({ worker: running, needs, everyMs: 3_600_000 });
  await Promise.all([rarely.read(), rarely.read()]);
  await rarely.read();
  expect(asked).toBe(1);
  const always = createReadiness({ worker: running, needs, everyMs: 0 });
  await always.read();
  await always.read();
  expect(asked).toBe(3);
});
