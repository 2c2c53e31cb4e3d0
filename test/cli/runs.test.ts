import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { budgetWorkflowId } from '../../src/contract/budget.ts';
import type { EnrichTableInput, RunSummary } from '../../src/contract/run.ts';
import { startTestEnv, TOKEN, type TestEnv, executeRun } from '../support/test-env.ts';
import { COMPANIES, pipelineText, rowmill, workplace, type Workplace } from './command.ts';
import { filesIn } from '../support/files-in.ts';

let testEnv: TestEnv;
let place: Workplace;
beforeAll(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
  place = await workplace(testEnv);
  await writeFile(join(place.cwd, 'pipeline.json'), pipelineText());
  const dear = pipelineText({ name: 'cli-dear', spend: { approveAbove: 0 } });
  await writeFile(join(place.cwd, 'dear.json'), dear);
  await writeFile(join(place.cwd, 'companies.csv'), COMPANIES);
});
afterAll(async () => {
  await place.remove();
  await testEnv.close();
});

const id = (name: string): string => `${name}-${testEnv.taskQueue}`;
const linesOf = (text: string): string[] => text.trimEnd().split('\n');

test('run --json prints one object on stdout and its progress on stderr', async () => {
  const { command, cwd } = place;
  const { code, stdout, stderr } = await command(
    'run',
    'pipeline.json',
    '--json',
    '--id',
    id('one'),
  );
  expect(stderr).toContain('3 rows × 1 paid column: about 3 credits');
  expect(stderr).toContain(`Started ${id('one')}`);
  expect(stderr).toMatch(/^\d\d:\d\d:\d\dZ \S/m);
  expect(stderr).not.toContain('\u001b');
  expect(code).toBe(0);
  expect(linesOf(stdout)).toHaveLength(1);
  const summary = JSON.parse(stdout) as RunSummary & { ui: string };
  const path = join(cwd, 'out', 'results.jsonl');
  expect(summary).toMatchObject({
    workflowId: id('one'),
    outcome: 'completed',
    rows: 3,
    cells: { done: 3, failed: 0, blocked: 0, empty: 0 },
    passes: 1,
    results: [{ path, rows: 3 }],
    quarantine: null,
    manifest: join(cwd, 'out', 'results.manifest.json'),
    ui: `http://127.0.0.1:8233/namespaces/default/workflows/${id('one')}/${summary.runId}/history`,
  });
  const keys = linesOf(await readFile(path, 'utf8')).map(
    (line) => (JSON.parse(line) as { key: string }).key,
  );
  expect(keys).toEqual(['MMM', 'AOS', 'ABT']);
  // Calls as `check` counts them: its promise is kept by the run.
  const check = await command('check', 'pipeline.json', '--json');
  const { apiCalls } = JSON.parse(check.stdout) as { apiCalls: { total: number } };
  expect(summary.apiCalls.total - summary.apiCalls.polls).toBeLessThanOrEqual(apiCalls.total);
});

test('the same id with the same work attaches without paying again', async () => {
  const paid = testEnv.sandbox.ledger.summary().cellsPaid;
  const again = await place.command('run', 'pipeline.json', '--id', id('one'));
  expect(again.stderr).toContain('Attached to the run');
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(new RegExp(`^${id('one')} completed$`, 'm'));
  expect(again.stdout).toMatch(/results +out\/results\.jsonl \(3 rows, /);
  expect(again.stderr).toContain(`Next: rowmill results ${id('one')}`);
  expect(testEnv.sandbox.ledger.summary().cellsPaid).toBe(paid);
});

test('the same id with other rows is a conflict', async () => {
  await writeFile(join(place.cwd, 'other.csv'), 'Symbol,Security\nMMM,3M\n');
  const args = ['run', 'pipeline.json', '--rows', 'other.csv', '--json', '--id', id('one')];
  const { code, stdout, stderr } = await place.command(...args);
  expect(stderr).toContain('error[run_conflict]');
  expect(stderr).toContain('→ Choose another --id');
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'run_conflict' } });
});

test('changes prints the rows that differ from the publication before, as JSON Lines and as CSV', async () => {
  const lines = await place.command('changes', id('one'));
  expect(lines.code).toBe(0);
  expect(linesOf(lines.stdout).map((line) => JSON.parse(line) as object)).toMatchObject([
    { key: 'MMM', change: 'new', columns: { sector: { from: null } } },
    { key: 'AOS', change: 'new' },
    { key: 'ABT', change: 'new' },
  ]);
  const csv = await place.command('changes', id('one'), '--format', 'csv');
  const [header, first = ''] = linesOf(csv.stdout);
  expect(header).toBe('key,change,column,from,to,at');
  expect(first).toMatch(/^MMM,new,sector,,[^,]+,20/);
  const status = await place.command('status', id('one'));
  expect(status.stdout).toMatch(
    /changes +out\/results\.changes\.jsonl \(3 new; first publication\)/,
  );
});

test('report names the page that it writes of a run that has ended', async () => {
  const { code, stdout } = await place.command('report', id('one'));
  const path = join(place.cwd, `${id('one')}.report.html`);
  expect([code, stdout]).toEqual([0, `${path}\n`]);
  const page = await readFile(path, 'utf8');
  expect(page).toContain(id('one'));
  const again = await place.command('report', id('one'), '--to', 'page.html');
  expect(again.code).toBe(0);
  expect(await readFile(join(place.cwd, 'page.html'), 'utf8')).toBe(page);
});

test('report replaces no file of another program', async () => {
  await writeFile(join(place.cwd, 'notes.html'), '<p>mine</p>');
  const { code, stderr } = await place.command('report', id('one'), '--to', 'notes.html');
  expect(stderr).toContain('error[sink_unwritable]');
  expect(code).not.toBe(0);
  expect(await readFile(join(place.cwd, 'notes.html'), 'utf8')).toBe('<p>mine</p>');
});

test('list, status and results show a run that has ended', async () => {
  const list = await place.command('list', '--all', '--json');
  const { runs } = JSON.parse(list.stdout) as { runs: { workflowId: string }[] };
  expect(runs.find(({ workflowId }) => workflowId === id('one'))).toMatchObject({
    pipeline: 'cli-test',
    outcome: 'completed',
    rows: 3,
    failedCells: 0,
  });
  const status = await place.command('status', id('one'));
  expect(status.code).toBe(0);
  expect(status.stdout).toContain(`${id('one')} completed`);

  const published = await readFile(join(place.cwd, 'out', 'results.jsonl'), 'utf8');
  const jsonl = await place.command('results', id('one'));
  expect(jsonl.stdout).toBe(published);
  const csv = await place.command('results', id('one'), '--format', 'csv');
  expect(linesOf(csv.stdout)[0]).toBe('key,input,sector,_status');
  const file = await place.command('results', id('one'), '--out', 'again.csv', '--json');
  expect(JSON.parse(file.stdout)).toMatchObject({ results: [{ rows: 3 }] });
  expect(await readFile(join(place.cwd, 'again.csv'), 'utf8')).toBe(csv.stdout);
});

test('what check --json prints starts the same run from any client', async () => {
  const { stdout } = await place.command('check', 'pipeline.json', '--json', '--out', 'any.jsonl');
  const { workflowInput } = JSON.parse(stdout) as { workflowInput: EnrichTableInput };
  const summary = await executeRun(testEnv, id('any-client'), workflowInput);
  expect(summary).toMatchObject({ outcome: 'completed', rows: 3 });
});

test('watch follows an approved run to its end', async () => {
  const started = await place.command('run', 'dear.json', '--detach', '--json');
  expect(started.code).toBe(0);
  const { workflowId } = JSON.parse(started.stdout) as { workflowId: string };
  expect(workflowId).toMatch(/^cli-dear-\d{8}-\d{6}$/);
  expect(started.stderr).toContain(`rowmill approve ${workflowId}`);
  const tables = testEnv.sandbox.ledger.summary().tablesCreated;

  const attached = rowmill(['run', 'dear.json', '--json'], place);
  await attached.says(
    `waits for an approval of about 3 credits; give it: rowmill approve ${workflowId}`,
  );
  const early = await place.command('results', workflowId);
  expect(early.code).toBe(2);
  expect(early.stderr).toMatch(/error\[action_refused\].*no results yet/);
  const status = await place.command('status', workflowId, '--json');
  expect(JSON.parse(status.stdout)).toMatchObject({
    status: 'RUNNING',
    progress: { stage: 'waiting for approval' },
  });
  expect(testEnv.sandbox.ledger.summary().tablesCreated).toBe(tables);

  const approved = await place.command('approve', workflowId);
  expect(approved.code).toBe(0);
  expect(approved.stdout).toBe(`${workflowId}: approved, about 3 credits\n`);
  const ended = await attached.ended;
  expect(ended.stderr).toContain('Attached to the run');
  expect(ended.code).toBe(0);
  const watched = await place.command('watch', workflowId, '--json');
  expect(watched.code).toBe(0);
  expect(JSON.parse(watched.stdout)).toEqual(JSON.parse(ended.stdout));

  const late = await place.command('approve', workflowId);
  expect(late.code).toBe(2);
  expect(late.stderr).toContain('error[action_refused]');
});

test('the command of a cancelled run starts it again', async () => {
  const args = ['run', 'dear.json', '--out', 'cancelled.jsonl', '--id', id('cancelled')];
  const following = rowmill(args, place);
  await following.says('waits for an approval of');
  const cancelled = await place.command('cancel', id('cancelled'));
  expect(cancelled.code).toBe(0);
  expect(cancelled.stdout).toBe(`${id('cancelled')}: cancel requested\n`);
  expect(cancelled.stderr).toContain('cost');
  const ended = await following.ended;
  expect(ended.code).toBe(1);
  expect(ended.stdout).toContain(`${id('cancelled')} cancelled`);
  expect(ended.stdout).toMatch(/^ {2}why {9}cancelled by \S+; nothing was published$/m);

  const anew = await place.command(...args, '--yes', '--json');
  expect(anew.stderr).toContain(`Started ${id('cancelled')}`);
  expect(anew.code).toBe(0);
  expect(JSON.parse(anew.stdout)).toMatchObject({ outcome: 'completed' });
});

test('Ctrl-C leaves a run running that waits for a worker', async () => {
  const env = { ...place.env, ROWMILL_TASK_QUEUE: id('nobody') };
  const args = ['run', 'pipeline.json', '--json', '--id', id('lonely'), '--out', 'lonely.jsonl'];
  const following = rowmill(args, { ...place, env });
  await following.says(
    `no worker on task queue ${id('nobody')}: start one with \`rowmill worker\``,
  );
  const list = await place.command('list');
  expect(list.stderr).toContain(`warning no worker on task queue ${id('nobody')}: start one with`);
  following.child.kill('SIGINT');
  const ended = await following.ended;
  expect(ended.code).toBe(130);
  expect(ended.stderr).toContain(`rowmill watch ${id('lonely')}`);
  const approved = await place.command('approve', id('lonely'));
  expect(approved.stderr).toContain(`no worker on task queue ${id('nobody')}`);
  expect(approved.stderr).toContain(`→ See \`rowmill status ${id('lonely')}\``);
  expect(JSON.parse(ended.stdout)).toMatchObject({ workflowId: id('lonely'), interrupted: true });

  const handle = testEnv.client.workflow.getHandle(id('lonely'));
  expect((await handle.describe()).status.name).toBe('RUNNING');
  const other = await place.command('run', 'pipeline.json', '--new', '--id', id('lonely'));
  expect(other.stderr).toContain('error[run_conflict]');
  expect(other.code).toBe(2);
  await handle.terminate('the test is over');

  const watched = await place.command('watch', id('lonely'));
  expect(watched.code).toBe(1);
  expect(watched.stderr).toContain('error[run_failed]');
  const results = await place.command('results', id('lonely'));
  expect(results.stderr).toContain('error[results_missing]');
});

test('spend sums what runs asked for, without a server', async () => {
  const env = { ...place.env, TEMPORAL_ADDRESS: '127.0.0.1:1' };
  const spend = (...args: string[]) => rowmill(['spend', ...args], { ...place, env }).ended;
  const table = await spend('--by', 'run');
  expect(table.code).toBe(0);
  expect(table.stdout).toMatch(/^run +runs +passes +cells +credits +account$/m);
  expect(table.stdout).toMatch(new RegExp(`^${id('one')} +1 +1 +3 +3 +`, 'm'));
  const { stdout } = await spend('--by', 'column', '--since', '1d', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ by: 'column', groups: [{ name: 'sector' }] });
  expect(await spend('--since', 'yesterday')).toMatchObject({ code: 2 });
});

test('budget shows and changes what pipelines share', async () => {
  const budget = `cli-${Date.now()}`;
  const made = await place.command('budget', 'set', budget, '2', '--timezone', 'UTC');
  expect(made.stdout).toBe(`${budget}: 2 credits a day (UTC)\n`);
  const spend = { perDay: { maxCredits: 2, budget } };
  await writeFile(join(place.cwd, 'shared.json'), pipelineText({ name: 'cli-shared', spend }));
  const check = await place.command('check', 'shared.json');
  expect(check.stdout).toContain(`day budget ${budget}: 2 (UTC)`);
  expect(check.stderr).toContain(`rowmill budget raise ${budget} 1`);

  const refused = await place.command('run', 'shared.json', '--id', id('shared'));
  expect(refused.stderr).toContain(`budget ${budget} has 2 a day: it fits into no day`);
  expect(refused.code).toBe(4);
  const raised = await place.command('budget', 'raise', budget, '1');
  expect(raised.stdout).toMatch(/: 1 credits more for \d{4}-\d\d-\d\d, 3 left$/m);
  const run = await place.command('run', 'shared.json', '--id', id('shared'));
  expect(run.code).toBe(0);
  expect(run.stdout).toContain(`${budget}, 3 credits reserved`);

  const shown = await place.command('budget', 'show', budget);
  expect(shown.stdout).toMatch(/^left +0 of 3 credits, until /m);
  expect(shown.stdout).toMatch(new RegExp(`^run +${id('shared')}: 3 credits, 1 pass$`, 'm'));
  const listed = await place.command('budget', 'list', '--json');
  const { budgets } = JSON.parse(listed.stdout) as { budgets: { name: string }[] };
  expect(budgets.map(({ name }) => name)).toContain(budget);
  expect(await place.command('budget', 'show', 'never-was')).toMatchObject({ code: 2 });
  expect(await place.command('budget', 'raise', budget, 'much')).toMatchObject({ code: 2 });
  await testEnv.client.workflow.getHandle(budgetWorkflowId(budget)).terminate();
});

test('an unknown run is not found', async () => {
  const names = ['status', 'watch', 'results', 'cancel', 'approve'];
  const all = await Promise.all(names.map((name) => place.command(name, 'never-was')));
  for (const { code, stderr } of all) {
    expect(stderr).toContain('error[run_not_found] run never-was');
    expect(code).toBe(2);
  }
});

test('the token is in no output or file', async () => {
  const env = { ...place.env, EXTRUCT_API_TOKEN: TOKEN };
  const args = ['run', 'pipeline.json', '--json', '--id', id('one')];
  const { stdout, stderr } = await rowmill(args, { ...place, env }).ended;
  expect(stdout + stderr).not.toContain(TOKEN);
  const files = [...(await filesIn(testEnv.store.location)), ...(await filesIn(place.cwd))];
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) expect(await readFile(file, 'utf8')).not.toContain(TOKEN);
});

test('the same command after completion repeats the outcome without paying', async () => {
  await writeFile(join(place.cwd, 'again.json'), pipelineText({ name: 'cli-again' }));
  const first = await place.command('run', 'again.json', '--json');
  const { workflowId, creditsSpent } = JSON.parse(first.stdout) as RunSummary;
  const paid = testEnv.sandbox.ledger.summary().cellsPaid;

  const second = await place.command('run', 'again.json', '--yes');
  expect(second.stderr).toMatch(
    new RegExp(
      `error\\[run_conflict\\] run ${workflowId}: the same work was completed \\d+ s ago for ${creditsSpent} credits; nothing was started`,
    ),
  );
  expect(second.stderr).toContain('or do it all again with --new');
  expect(second.code).toBe(2);
  expect(testEnv.sandbox.ledger.summary().cellsPaid).toBe(paid);

  const wanted = await place.command('run', 'again.json', '--new', '--json');
  expect(wanted.code).toBe(0);
  expect(testEnv.sandbox.ledger.summary().cellsPaid).toBe(paid + 3);
});

test('status names the run whose results have replaced those of a run', async () => {
  const end = await place.command('run', 'pipeline.json', '--new', '--id', id('newer'));
  expect(end.code).toBe(0);
  const { stdout } = await place.command('status', id('one'));
  expect(stdout).toContain(
    `caution     out/results.jsonl has been replaced since, by run ${id('newer')}`,
  );
});
