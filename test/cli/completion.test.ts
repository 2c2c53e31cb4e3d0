import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { completionOf } from '../../src/cli/completion/candidates.ts';
import { SCRIPTS } from '../../src/cli/completion/scripts.ts';
import { processCli } from '../../src/cli/io/context.ts';
import { RESULT_FORMAT_NAMES } from '../../src/sinks/index.ts';
import { createProgram } from '../../src/cli/program.ts';
import { eventually } from '../support/eventually.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';
import { COMPANIES, pipelineText, sourceCommand, workplace, type Workplace } from './command.ts';

const program = await createProgram(processCli());
const valuesOf = (...words: string[]): string[] =>
  completionOf(program, words).candidates.map(({ value }) => value);
const namesOf = (...words: string[]) => completionOf(program, words).names;

test('commands complete at every level', () => {
  expect(valuesOf('')).toEqual(expect.arrayContaining(['run', 'schedule', 'help']));
  expect(valuesOf('')).not.toContain('complete');
  expect(valuesOf('sch')).toEqual(['schedule', 'schema']);
  expect(valuesOf('schedule', 'd')).toEqual(['describe', 'delete']);
  expect(valuesOf('help', 'sched')).toEqual(['schedule']);
  expect(valuesOf('no-such-command', '')).toEqual([]);
});

test('flags complete for the command that is typed', () => {
  expect(valuesOf('schedule', 'backfill', '--m')).toEqual(['--max-runs']);
  expect(valuesOf('run', '--rows', 'x.csv', '--det')).toEqual(['--detach']);
  expect(valuesOf('list', '')).toContain('--limit');
});

test('values of an option complete, behind a space and behind an equals sign', () => {
  expect(valuesOf('results', 'RUN', '--format', '')).toEqual(RESULT_FORMAT_NAMES);
  expect(valuesOf('results', '--format=c')).toEqual(['--format=csv']);
  expect(valuesOf('completion', 'z')).toEqual(['zsh']);
  expect(valuesOf('list', '--limit', '')).toEqual([]);
});

test('names complete where a command takes them', () => {
  expect(namesOf('status', '')).toBe('runs');
  expect(namesOf('adjust', '--deadline', '8h', '')).toBe('runs');
  expect(namesOf('adjust', '--deadline', '')).toBeNull();
  expect(namesOf('schedule', 'pause', '')).toBe('schedules');
  expect(namesOf('schedule', 'apply', '')).toBe('files');
  expect(namesOf('run', '--rows=')).toBe('files');
  expect(namesOf('worker', '--store', '')).toBe('files');
  expect(namesOf('status', 'RUN', '')).toBeNull();
});

describe('in a shell', () => {
  let testEnv: TestEnv;
  let place: Workplace;
  let id = '';
  beforeAll(async () => {
    testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
    place = await workplace(testEnv);
    id = `tab-${testEnv.taskQueue}-2026-01-31T02:30:00Z`;
    await mkdir(join(place.cwd, 'bin'));
    const wrapper = join(place.cwd, 'bin', 'rowmill');
    const quoted = sourceCommand().map((word) => `'${word}'`);
    await writeFile(wrapper, `#!/bin/sh\nexec ${quoted.join(' ')} "$@"\n`);
    await chmod(wrapper, 0o755);
    await writeFile(join(place.cwd, 'companies.csv'), COMPANIES);
    await writeFile(join(place.cwd, 'pipeline.json'), pipelineText());
    for (const [shell, script] of Object.entries(SCRIPTS))
      await writeFile(join(place.cwd, `completion.${shell}`), script);
    await place.command('run', 'pipeline.json', '--id', id, '--detach');
  });
  afterAll(async () => {
    await place.remove();
    await testEnv.close();
  });

  async function output(program: string, args: string[], env = place.env): Promise<string[]> {
    const paths = [join(place.cwd, 'bin'), process.env['PATH'] ?? ''].join(':');
    const { stdout } = await promisify(execFile)(program, args, {
      cwd: place.cwd,
      env: { ...env, PATH: paths, HOME: place.cwd, XDG_CONFIG_HOME: place.cwd },
      timeout: 60_000,
    });
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** Candidates of bash for the end of the line: for the part behind the last `:` or `=`. */
  const bash = (line: string, env = place.env): Promise<string[]> =>
    output(
      'bash',
      [
        '--norc',
        '-c',
        'source completion.bash; COMP_LINE="$1"; COMP_POINT=${#1}; COMP_WORDS=($1); COMP_CWORD=0; _rowmill rowmill; printf "%s\\n" "${COMPREPLY[@]}"',
        'bash',
        line,
      ],
      env,
    );

  test('bash completes commands, flags and the part of a run id behind a colon', async () => {
    expect(await bash('rowmill schedule back')).toEqual(['backfill']);
    expect(await bash('rowmill results --format=c')).toEqual(['csv']);
    await eventually('the server lists the run', async () =>
      (await bash('rowmill status tab-')).includes(id),
    );
    expect(await bash(`rowmill status ${id.slice(0, -4)}`)).toEqual(['30:00Z']);
  });

  test('without a server run ids are none, in silence', async () => {
    const nowhere = { ...place.env, TEMPORAL_ADDRESS: '127.0.0.1:1' };
    expect(await bash('rowmill status ', nowhere)).toEqual([]);
    const { code, stderr, stdout } = await place.command(
      'complete',
      '--',
      'status',
      '--embedded',
      '',
    );
    expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: '', stdout: 'words\n' });
  });

  const withFish = spawnSync('fish', ['--version']).status === 0 ? test : test.skip;
  withFish('fish completes the same, and files', async () => {
    const fish = (line: string): Promise<string[]> =>
      output('fish', ['--no-config', '-c', 'source completion.fish; complete -C $argv[1]', line]);
    expect(await fish('rowmill schedule back')).toEqual([expect.stringMatching(/^backfill\t/)]);
    expect(await fish('rowmill run pipe')).toEqual([expect.stringMatching(/^pipeline\.json/)]);
    expect(await fish('rowmill run --rows=compa')).toEqual([
      expect.stringMatching(/^--rows=companies\.csv/),
    ]);
    await eventually('the server lists the run', async () =>
      (await fish('rowmill status tab-')).some((line) => line.startsWith(`${id}	`)),
    );
  });
});
