import { expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSandbox } from '../../sandbox/index.ts';
import type { ResultRow } from '../../src/contract/results.ts';
import { readServerState } from '../../src/dev/temporal/server-state.ts';
import { manualClock } from '../support/manual-clock.ts';
import { TOKEN } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { pipelineText, rowmill, workplace } from './command.ts';
import { allEnv, CASES } from '../support/providers/cases.ts';
import { SECTOR } from '../support/providers/extruct.ts';
import { promptlayer } from '../support/providers/promptlayer.ts';

const NAMES = [
  '3M',
  'A. O. Smith',
  'AbbVie',
  'Accenture',
  'Adobe Inc.',
  'Aflac',
  'Airbnb',
  'Allstate',
];

/** Environment of a command that brings its own server and worker. */
const envAt = (url: string): Record<string, string> => ({
  ...allEnv(url),
  ...(process.env['ROWMILL_TEST_BUNDLE'] === undefined
    ? {}
    : { ROWMILL_WORKFLOW_BUNDLE: process.env['ROWMILL_TEST_BUNDLE'] }),
});

test.each(CASES.map((provider) => ({ provider, name: provider.name })))(
  'an embedded run of $name killed, then interrupted, ends with the same results without paying twice',
  async ({ provider: { name: provider, tables, map } }) => {
    // Each cell takes one to three seconds, two at a time.
    const clock = manualClock();
    const options = {
      token: TOKEN,
      speed: 60,
      concurrency: 2,
      failRate: 0,
      alwaysFailsRate: 0,
      cellMs: { min: 60_000, max: 180_000 },
      realMs: clock.realMs,
    };
    const sandbox = await startSandbox(options);
    const place = await workplace(null);
    try {
      const rows = NAMES.map((Security, at) => ({ Symbol: `S${at}`, Security }));
      await writeFile(
        join(place.cwd, 'pipeline.json'),
        pipelineText({
          provider,
          table: tables.one,
          rows: { inline: rows, key: 'Symbol', map },
          run: {
            minPollInterval: '100ms',
            maxPollInterval: '1s',
            stallAfter: '10m',
            deadline: '30m',
          },
        }),
      );
      const env = envAt(sandbox.url);
      const args = ['run', 'pipeline.json', '--embedded', '--json', '--id', 'killed'];

      const first = rowmill(args, { cwd: place.cwd, env });
      await first.says('running, pass 1');
      await eventually('two cells are done', () => sandbox.ledger.summary().cellsDone >= 2);
      // The rest waits until the next two processes have come and gone.
      clock.freeze();
      const server = readServerState(join(place.cwd, '.rowmill', 'temporal.db'))?.server.pid;
      first.child.kill('SIGKILL');
      if (server === undefined) throw new Error('there is no Temporal server to kill');
      process.kill(server, 'SIGKILL');
      await first.ended;

      const interrupted = rowmill(args, { cwd: place.cwd, env });
      await interrupted.says('Attached to the run');
      interrupted.child.kill('SIGINT');
      const paused = await interrupted.endsWith(130);
      expect(paused.stderr).toContain('The run killed pauses with this process. The same command');
      expect(JSON.parse(paused.stdout)).toMatchObject({ workflowId: 'killed', interrupted: true });
      // It may still be ending: the next command waits for that.
      expect(readServerState(join(place.cwd, '.rowmill', 'temporal.db'))?.ending ?? true).toBe(
        true,
      );

      clock.resume();
      const second = await rowmill(args, { cwd: place.cwd, env }).endsWith(0);
      expect(second.stderr).toContain('Attached to the run');
      // Its own worker is starting: the operator need not start one.
      expect(second.stderr).not.toContain('no worker on task queue');
      expect(JSON.parse(second.stdout)).toMatchObject({
        workflowId: 'killed',
        outcome: 'completed',
        cells: { done: NAMES.length },
        ui: expect.stringMatching(
          /^http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows\/killed\//,
        ),
      });

      const results = await readFile(join(place.cwd, 'out', 'results.jsonl'), 'utf8');
      // Its server is gone with it.
      const kept = await rowmill(['results', 'killed'], place).endsWith(0);
      expect(kept.stdout).toBe(results);
      expect(kept.stderr).toMatch(
        /^Out of the store alone \(.*store\): no Temporal server answers/,
      );
      const found = results
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as ResultRow);
      // One column each.
      expect(
        found.map(({ input, cells }) => [
          Object.values(input),
          Object.values(cells).map(({ value }) => value),
        ]),
      ).toEqual(NAMES.map((name) => [[name], [sandbox.truth('company', name, SECTOR).answer]]));
      const { tablesCreated, rowsCreated, cellsPaid, duplicates } = sandbox.ledger.summary();
      expect({ tablesCreated, rowsCreated, cellsPaid }).toEqual({
        tablesCreated: 1,
        rowsCreated: NAMES.length,
        cellsPaid: NAMES.length,
      });
      expect(duplicates.cells).toBe(0);
      expect(second.stdout + second.stderr).not.toContain(TOKEN);
      await eventually('the server ends', () => {
        return readServerState(join(place.cwd, '.rowmill', 'temporal.db')) === null;
      });
    } finally {
      await place.remove();
      await sandbox.close();
    }
  },
);

test('an embedded run is rerun and resumed with the same flag', async () => {
  const clock = manualClock();
  const sandbox = await startSandbox({
    token: TOKEN,
    speed: 60,
    concurrency: 2,
    failRate: 1,
    alwaysFailsRate: 0,
    cellMs: { min: 60_000, max: 120_000 },
    realMs: clock.realMs,
  });
  const place = await workplace(null);
  try {
    const rows = NAMES.slice(0, 4).map((Security, at) => ({ Symbol: `S${at}`, Security }));
    await writeFile(
      join(place.cwd, 'pipeline.json'),
      pipelineText({
        provider: promptlayer.name,
        table: promptlayer.tables.one,
        rows: { inline: rows, key: 'Symbol', map: promptlayer.map },
        run: { failedPasses: 0 },
      }),
    );
    const here = { cwd: place.cwd, env: envAt(sandbox.url) };
    const run = rowmill(['run', 'pipeline.json', '--embedded', '--id', 'left'], here);
    const partial = await run.endsWith(3);
    expect(partial.stderr).toContain('rowmill rerun left --embedded');
    expect(partial.stderr).toMatch(/TEMPORAL_ADDRESS=127\.0\.0\.1:\d+ rowmill status left/);

    const args = ['rerun', 'left', '--embedded', '--json'];
    clock.freeze();
    const interrupted = rowmill(args, here);
    await interrupted.says('running, pass 1');
    interrupted.child.kill('SIGINT');
    const paused = await interrupted.endsWith(130);
    expect(paused.stderr).toContain('The same command resumes it');
    clock.resume();
    const { stdout, stderr } = await rowmill(args, here).endsWith(0);
    expect(stderr).toContain('Attached to left-rerun-1');
    expect(JSON.parse(stdout)).toMatchObject({
      workflowId: 'left-rerun-1',
      outcome: 'completed',
      cells: { done: 4, failed: 0 },
      previousRun: { workflowId: 'left', outcome: 'partial' },
    });
    const { tablesCreated, cellsPaid, duplicates } = sandbox.ledger.summary();
    expect({ tablesCreated, cellsPaid, again: duplicates.cells }).toEqual({
      tablesCreated: 1,
      cellsPaid: 8,
      again: 0,
    });
    const wrong = await rowmill([...args, '--detach'], here).endsWith(2);
    expect(wrong.stderr).toContain('--detach and --embedded exclude each other');
  } finally {
    await place.remove();
    await sandbox.close();
  }
});
