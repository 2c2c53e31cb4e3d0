/**
 * The long version of test/chaos/processes: `npm run chaos:processes`. Many kills and deploys on
 * real processes; prints the figures of docs/design/reliability.md. Takes about half an hour; with
 * `-- --provider NAME` only that one is played. Whatever else is given goes to jest.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const jest = fileURLToPath(new URL('test.mjs', import.meta.url));

const args = process.argv.slice(2);
const providers = [];
for (let at; (at = args.indexOf('--provider')) !== -1;) providers.push(args.splice(at, 2)[1]);

const child = spawn(process.execPath, [jest, 'test/chaos/processes', ...args], {
  stdio: 'inherit',
  env: {
    ...process.env,
    ROWMILL_CHAOS: 'long',
    ROWMILL_CHAOS_PROVIDER: providers.join(','),
  },
});
// Ctrl-C reaches it by itself; we stay for its end.
process.on('SIGINT', () => undefined);
child.on('close', (code) => (process.exitCode = code ?? 1));
