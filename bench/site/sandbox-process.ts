import { startSandbox, type SandboxOptions } from '../../sandbox/index.ts';

/** Prints its address in one line, and ends with its parent. */
const [, , options = '{}'] = process.argv;
// Given by ownSandbox in this shape.
const sandbox = await startSandbox({
  ...(JSON.parse(options) as SandboxOptions),
  credits: 10_000_000,
});
console.log(sandbox.url);
const end = (): void => void sandbox.close().then(() => process.exit(0));
process.once('SIGTERM', end);
process.stdin.resume().once('end', end);
