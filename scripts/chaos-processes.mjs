/**
 * The long version of test/chaos/processes: `npm run chaos:processes`. Many kills and deploys on
 * real processes; prints the figures of docs/reliability.md. Takes about a quarter of an hour.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const jest = fileURLToPath(new URL('test.mjs', import.meta.url));

const child = spawn(process.execPath, [jest, 'test/chaos/processes', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, ROWMILL_CHAOS: 'long' },
});
// Ctrl-C reaches it by itself; we stay for its end.
process.on('SIGINT', () => undefined);
child.on('close', (code) => (process.exitCode = code ?? 1));
