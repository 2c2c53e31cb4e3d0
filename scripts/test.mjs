/**
 * Runs jest as `npm test -- <its arguments>`. The last line says `N passed, N failed`, the exit
 * code is jest's.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const folder = mkdtempSync(join(tmpdir(), 'rowmill-test-'));
const results = join(folder, 'results.json');

// ES modules in jest need the first; the second keeps its warning out of every test's output.
const nodeOptions = [process.env.NODE_OPTIONS, '--experimental-vm-modules', '--no-warnings'];

const child = spawn(
  process.execPath,
  [jest, '--json', `--outputFile=${results}`, ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, NODE_OPTIONS: nodeOptions.filter(Boolean).join(' ') },
  },
);
// Ctrl-C reaches jest by itself; we stay for its end.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));

child.on('close', (code) => {
  const { passed, failed } = count();
  rmSync(folder, { recursive: true, force: true });
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = code === 0 && failed > 0 ? 1 : (code ?? 1);
});

/** A file that cannot even be loaded counts as one failure; so does a jest without results. */
function count() {
  try {
    const json = JSON.parse(readFileSync(results, 'utf8'));
    return {
      passed: json.numPassedTests,
      failed: json.numFailedTests + json.numRuntimeErrorTestSuites,
    };
  } catch {
    return { passed: 0, failed: 1 };
  }
}
