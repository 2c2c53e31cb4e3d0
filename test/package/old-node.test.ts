import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ERRORS } from '../../src/errors.ts';
import { ROOT, run } from './installed.ts';

/** Makes a process report another release of Node than the one it runs on. */
const reporting = (version: string): string =>
  `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"${version}"})`;

const rowmillOn = (version: string, ...args: string[]) =>
  run(process.execPath, ['--import', reporting(version), 'bin/rowmill.js', ...args], ROOT);

/** From `>=22.19.0`. */
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
  expect(await rowmillOn(await oldestNode(), '--version')).toMatchObject({ code: 0 });
});

test('scripts of the checkout run on the Node that it installs', async () => {
  const { version } = JSON.parse(
    await readFile(join(ROOT, 'node_modules', 'node', 'package.json'), 'utf8'),
  ) as { version: string };
  expect(process.versions.node).toBe(version);
});
