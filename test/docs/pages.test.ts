import { expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processCli } from '../../src/cli/io/context.ts';
import { createProgram } from '../../src/cli/program.ts';
import { pipelineJsonSchema } from '../../src/spec/index.ts';
import { WORKER_SETTINGS } from '../../src/worker/settings.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

test.each([...PAGES, 'SECURITY.md'])(
  '%s does not install from a registry what is not there',
  (page) => {
    // Goes away with the first release on the registry.
    const promised = text(page).match(
      /\b(?:npm (?:i|install|add)|pnpm add|yarn add)\b[^`\n]* rowmill\b/g,
    );
    // Of the page that says when it may.
    const allowed = page === 'docs/design/development.md' ? ['npm install rowmill'] : null;
    expect(promised === null ? null : [...promised]).toEqual(allowed);
  },
);

/** Returns the anchors that GitHub makes. */
const anchorsOf = (page: string): string[] =>
  [...text(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

test.each(PAGES)('every link of %s leads somewhere', (page) => {
  const links = [...text(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  const broken = links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test('docs/reference/cli.md names every command and every flag', async () => {
  const page = `${text('docs/reference/cli.md')}${text('docs/guides/operations.md')}`;
  const missing = (await createProgram(processCli())).commands.flatMap((command) => [
    ...(page.includes(`\`${command.name()}`) ? [] : [command.name()]),
    ...command.options
      .filter(({ hidden, long }) => !hidden && !page.includes(`\`${long ?? ''}`))
      .map(({ long }) => `${command.name()} ${long ?? ''}`),
  ]);
  expect(missing).toEqual([]);
});

test('docs/reference/pipeline-file.md names every field outside the columns', () => {
  const page = text('docs/reference/pipeline-file.md');
  const missing = fieldsOf(pipelineJsonSchema()).filter((name) => !page.includes(`\`${name}`));
  expect(missing).toEqual([]);
});

/** Names of properties, at any depth; columns are the provider's and stand elsewhere. */
function fieldsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([name, value]) => {
    if (name !== 'properties') return name === 'columns' ? [] : fieldsOf(value);
    const fields = Object.keys(value as object).filter((field) => field !== '$schema');
    return [...fields, ...fieldsOf(withoutColumns(value as object))];
  });
}

const withoutColumns = (properties: object): object =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => name !== 'columns'));

test('docs/guides/operations.md names every setting of a worker', () => {
  const page = text('docs/guides/operations.md');
  for (const { variable } of Object.values(WORKER_SETTINGS)) expect(page).toContain(variable);
});
