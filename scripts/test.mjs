/**
 * Runs jest as `npm test -- <its arguments>`. Up to three failed files run again, alone: a test that
 * then passes is named as unstable, and counts as passed. The last line says `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const folder = mkdtempSync(join(tmpdir(), 'rowmill-test-'));

// ES modules in jest need the first; the second keeps its warning out of every test's output.
const nodeOptions = [process.env.NODE_OPTIONS, '--experimental-vm-modules', '--no-warnings'];

/** More failed files than this are no accident. */
const MAX_REPEATED_FILES = 3;
const SHOWN_SLOWEST = 20;

let child;
// Ctrl-C reaches jest by itself; this process stays until it ends.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));

const given = process.argv.slice(2);
const first = await run('first', given);
const failedFiles = first.files.filter(({ status }) => status === 'failed');
const mayRepeat = failedFiles.length > 0 && failedFiles.length <= MAX_REPEATED_FILES;
const again = mayRepeat ? await repeat(failedFiles) : null;
rmSync(folder, { recursive: true, force: true });

if (first.files.length > SHOWN_SLOWEST) printSlowest(first.files);
const unstable = again === null ? [] : recovered(first, again);
for (const name of unstable) console.log(`unstable, passed when its file ran again alone: ${name}`);
const passed = first.passed + unstable.length;
const failed = first.failed - unstable.length;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : again === null ? first.code : again.code;

/** Runs the failed files again, one after the other: load alone makes a test late. */
function repeat(files) {
  console.log(`== ${files.length} failed files run again alone`);
  return run('again', ['--runInBand', ...files.map(({ name }) => name)]);
}

/** Prints the files that took longest, so that the suite is shortened where it is long. */
function printSlowest(files) {
  const timed = files.map(({ name, startTime, endTime }) => ({ name, ms: endTime - startTime }));
  console.log('== files that took longest');
  for (const { name, ms } of timed.toSorted((a, b) => b.ms - a.ms).slice(0, SHOWN_SLOWEST)) {
    console.log(`${String(Math.round(ms / 1_000)).padStart(5)} s  ${relative(root, name)}`);
  }
}

/** Names the tests that failed at first and passed when repeated. */
function recovered(before, after) {
  const passedNow = new Set(testsOf(after, 'passed'));
  return testsOf(before, 'failed').filter((name) => passedNow.has(name));
}

function testsOf({ files }, status) {
  return files.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter((one) => one.status === status)
      .map(({ fullName }) => `${relative(root, name)} › ${fullName}`),
  );
}

async function run(name, args) {
  const results = join(folder, `${name}.json`);
  child = spawn(process.execPath, [jest, '--json', `--outputFile=${results}`, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, NODE_OPTIONS: nodeOptions.filter(Boolean).join(' ') },
  });
  const [code] = await once(child, 'close');
  return { code: code ?? 1, ...read(results) };
}

/** A file that cannot even be loaded counts as one failure; so does a jest without results. */
function read(results) {
  try {
    const json = JSON.parse(readFileSync(results, 'utf8'));
    return {
      passed: json.numPassedTests,
      failed: json.numFailedTests + json.numRuntimeErrorTestSuites,
      files: json.testResults,
    };
  } catch {
    return { passed: 0, failed: 1, files: [] };
  }
}
