import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import type { RunSummary } from '../../src/contract/run.ts';
import { installTarball, ROOT, run, startInstalledSandbox, type Installed } from './installed.ts';
import { unprivilegedWorker } from './unprivileged.ts';

let installed: Installed | undefined;

beforeAll(async () => {
  installed = await installTarball();
});

afterAll(async () => {
  await installed?.remove();
});

const there = (): Installed => {
  if (installed === undefined) throw new Error('the package was not installed');
  return installed;
};

test('the tarball contains exactly what a user needs', () => {
  const { files } = there();
  const paths = [...files.keys()];
  const folders = /^(dist\/[^/]+|examples\/[^/]+)\/.*/;
  const shown = paths.filter((path) => !/^docs\/(?:[^/]+\/)?[^/]+\.md$/.test(path));
  const places = new Set(shown.map((path) => path.replace(folders, '$1')));
  expect([...places].sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'bin/rowmill.js',
    'dist/activities',
    'dist/sandbox',
    'dist/src',
    'dist/workflow-bundle.js',
    'dist/workflows',
    'examples/backend.ts',
    'examples/companies',
    'examples/faults',
    'examples/go',
    'examples/python',
    'package.json',
    'schema/openapi.json',
    'schema/pipeline.schema.json',
    'schema/workflow-input.schema.json',
    'tools/temporal/go.mod',
    'tools/temporal/go.sum',
  ]);
  const code = paths.filter((path) => path.startsWith('dist/'));
  expect(code.filter((path) => !/\.(js|d\.ts|csv)$/.test(path))).toEqual([]);
  expect(files.get('bin/rowmill.js')).toBe(0o755);
});

test('each page of docs/ that the code names, in a remedy or elsewhere, is in the tarball', async () => {
  const { files, project } = there();
  const folder = join(project, 'node_modules', 'rowmill');
  const named = new Set<string>();
  for (const path of files.keys()) {
    if (!/^(bin|dist|schema|examples)\/.*\.(js|json|yaml|md|ts)$/.test(path)) continue;
    const text = await readFile(join(folder, path), 'utf8');
    for (const [page] of text.matchAll(/\bdocs\/[\w/-]+\.md\b/g)) named.add(page);
  }
  expect(named.size).toBeGreaterThan(5);
  expect([...named].filter((page) => !files.has(page))).toEqual([]);
});

test('the example of a backend runs on this Node as its head says', async () => {
  const { project } = there();
  const folder = join(project, 'node_modules', 'rowmill', 'examples');
  await copyFile(join(folder, 'backend.ts'), join(project, 'backend.ts'));
  const pipeline = join(folder, 'companies', 'pipeline.yaml');
  const nowhere = { TEMPORAL_ADDRESS: '127.0.0.1:1' };
  const ended = await run(process.execPath, ['backend.ts', pipeline], project, nowhere);
  expect(ended).toMatchObject({ code: 1, stdout: '' });
  expect(ended.stderr).toMatch(/^temporal_unreachable: 127\.0\.0\.1:1: .*\n→ .*\n$/);
});

test('no file of the package knows where it was built', async () => {
  const folder = join(there().project, 'node_modules', 'rowmill');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  for (const file of files) {
    const path = join(file.parentPath, file.name);
    // The bundle ends with its source map in base64.
    const text = (await readFile(path, 'utf8')).replace(/base64,(\S+)/g, (_all, data: string) =>
      Buffer.from(data, 'base64').toString('utf8'),
    );
    expect([path, text.includes(ROOT)]).toEqual([path, false]);
  }
});

test('rowmill check and rowmill run --embedded work from an empty folder', async () => {
  const { project } = there();
  const example = join('node_modules', 'rowmill', 'examples', 'companies');
  const companies = await readFile(join(project, example, 'companies.csv'), 'utf8');
  // By the sandbox's seed, none of these has a cell that never succeeds.
  await writeFile(join(project, 'some.csv'), companies.split('\n').slice(0, 8).join('\n'));
  const work = [join(example, 'pipeline.yaml'), '--rows', 'some.csv', '--out', 'out/some.jsonl'];

  const checked = await run('npx', ['--no', 'rowmill', 'check', ...work], project);
  expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('about 21;') });

  const sandbox = await startInstalledSandbox(project);
  try {
    const args = ['--no', 'rowmill', 'run', ...work, '--embedded', '--json'];
    const ended = await run('npx', args, project, sandbox.env);
    expect([ended.code, ended.code === 0 ? '' : ended.stderr]).toEqual([0, '']);
    // Nothing else is on stdout.
    const summary = JSON.parse(ended.stdout) as RunSummary;
    expect(summary).toMatchObject({ outcome: 'completed', rows: 7 });
    const lines = (await readFile(join(project, 'out', 'some.jsonl'), 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(7);
  } finally {
    await sandbox.stop();
  }
});

test('the worker of a production install runs without rights until SIGTERM ends it with 0', async () => {
  const { project } = there();
  const worker = await unprivilegedWorker(project, {
    TEMPORAL_ADDRESS: process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '',
    EXTRUCT_API_TOKEN: 'no-request-is-sent',
    ROWMILL_TASK_QUEUE: `unprivileged-${process.pid}`,
  });
  try {
    const ready = await fetch(`${worker.healthUrl}/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { ready: true, checks: { worker: 'ok', temporal: 'ok', store: 'ok' } },
    ]);
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
  } finally {
    worker.child.kill('SIGKILL');
  }
});

const CONSUMER = `
import { Rowmill, type RunSummary } from 'rowmill';
export const text = async (summary: RunSummary): Promise<string> =>
  summary.outcome + (await Rowmill.check({ pipeline: 'pipeline.yaml' })).pipeline.name;
// @ts-expect-error the types are there: an outcome is no number
export const wrong = (summary: RunSummary): number => summary.outcome;
`;

const COMMONJS_CONSUMER = `
import type { Rowmill } from 'rowmill' with { 'resolution-mode': 'import' };
export const open = async (): Promise<Rowmill> => (await import('rowmill')).Rowmill.connect();
`;

test('the types of the library need no package that is not installed', async () => {
  const { project } = there();
  const script = `import('rowmill').then((rowmill) => console.log(typeof rowmill.Rowmill))`;
  const loaded = await run(process.execPath, ['-e', script], project);
  expect(loaded).toMatchObject({ code: 0, stdout: 'function\n' });

  const consumer = join(project, 'consumer.ts');
  await writeFile(consumer, CONSUMER);
  const commonjs = join(project, 'consumer.cts');
  await writeFile(commonjs, COMMONJS_CONSUMER);
  const example = join(project, 'backend.ts');
  await copyFile(join(ROOT, 'examples', 'backend.ts'), example);
  const program = ts.createProgram([consumer, commonjs, example], {
    noEmit: true,
    strict: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  });
  // Not those of others: the Temporal client's typings have errors of their own.
  const ours = program
    .getSourceFiles()
    .filter(
      ({ fileName }) =>
        [consumer, commonjs, example].includes(fileName) ||
        fileName.includes('/node_modules/rowmill/'),
    );
  expect(ours.length).toBeGreaterThan(10);
  const problems = ours.flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ]);
  expect(problems.map(({ file, messageText }) => [file?.fileName, messageText])).toEqual([]);
});
