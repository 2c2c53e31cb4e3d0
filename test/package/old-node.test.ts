import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ERRORS } from '../../src/errors.ts';
import { ROOT, run } from './installed.ts';

/** Makes a process report another release of Node than the one it runs on. */
const reporting = (version: string): string =>
  `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"${version}"})`;

let folder = '';

/** An installed package as far as bin/rowmill.js sees it, with a command that prints one word. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowmill-old-node-'));
  for (const path of ['package.json', 'bin']) {
    await cp(join(ROOT, path), join(folder, path), { recursive: true });
  }
  const commands = join(folder, 'dist', 'src', 'cli');
  await mkdir(commands, { recursive: true });
  await writeFile(join(commands, 'main.js'), `console.log('started');\n`);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const rowmillOn = (version: string, ...args: string[]) =>
  run(process.execPath, ['--import', reporting(version), 'bin/rowmill.js', ...args], folder);

/** Returns the oldest version that `>=22.19.0` allows. */
const oldestNode = async (): Promise<string> => {
  const { engines } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  return engines.node.replace('>=', '');
};

test.each(['14.21.3', '20.20.2', '22.18.9'])(
  'rowmill on Node %s ends with one error that names what it needs',
  async (version) => {
    const oldest = await oldestNode();
    const what = `rowmill needs Node ${oldest} or newer, and this is Node ${version}.`;
    const { code, stdout, stderr } = await rowmillOn(version, 'demo');
    expect([code, stdout]).toEqual([ERRORS.node_too_old.exit, '']);
    expect(stderr).toBe(
      `error[node_too_old] ${process.execPath}: ${what}\n→ ${ERRORS.node_too_old.remedy}\n`,
    );
    const json = await rowmillOn(version, 'list', '--json');
    expect([json.code, json.stderr]).toEqual([code, stderr]);
    const error = { code: 'node_too_old', what, where: process.execPath };
    expect(JSON.parse(json.stdout)).toEqual({
      error: { ...error, remedy: ERRORS.node_too_old.remedy },
    });
  },
);

test('the oldest Node that is supported is not refused', async () => {
  const ended = await rowmillOn(await oldestNode(), 'demo');
  expect(ended).toEqual({ code: 0, stdout: 'started\n', stderr: '' });
});

test('scripts of the checkout run on the Node that it installs', async () => {
  const { version } = JSON.parse(
    await readFile(join(ROOT, 'node_modules', 'node', 'package.json'), 'utf8'),
  ) as { version: string };
  expect(process.versions.node).toBe(version);
});
