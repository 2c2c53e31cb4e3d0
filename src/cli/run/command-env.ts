import { withSecretFiles } from '../../process/secret-files.ts';
import { PROVIDER_SPECS } from '../../providers/catalog.ts';
import type { Cli, Env } from '../io/context.ts';
import { devStacks, killedText } from './dev-environment.ts';

const SECRETS = [...PROVIDER_SPECS.map(({ tokenVariable }) => tokenVariable), 'TEMPORAL_API_KEY'];

/** Commands that bring their own stack, or work for another one. */
const OWN_STACK: readonly string[] = ['dev', 'demo', 'sandbox', 'worker', 'completion'];

/**
 * Returns the environment of a command, with secrets read from files. If it names no Temporal
 * server and `rowmill dev` runs in the working folder, the stack's variables fill unset ones.
 * @throws RowmillError `usage` for a file with a secret that cannot be read
 */
export const commandEnv = async (cli: Cli, args: readonly string[]): Promise<Env> =>
  withSecretFiles(await withDevStack(cli, args), SECRETS);

async function withDevStack(cli: Cli, args: readonly string[]): Promise<Env> {
  const [command = ''] = args;
  if (OWN_STACK.includes(command) || args.includes('--embedded')) return cli.env;
  const { running: found, killed } = devStacks();
  // Without a stack nothing depends on the server, and Temporal's client takes longest to load.
  if ((found ?? killed) === null || (await isConfigured(cli.env))) return cli.env;
  if (found === null) {
    if (killed !== null) cli.log(killedText(killed));
    return cli.env;
  }
  cli.log(`Uses \`rowmill dev\` of this folder (${found['TEMPORAL_ADDRESS'] ?? 'no address'})`);
  const set = Object.entries(cli.env).filter(([, value]) => value !== undefined && value !== '');
  return { ...found, ...Object.fromEntries(set) };
}

async function isConfigured(env: Env): Promise<boolean> {
  const { temporalTarget } = await import('../../temporal/connection.ts');
  try {
    return temporalTarget({ env: { ...env } }).configured;
  } catch {
    // A profile that cannot be read is reported by the command that connects.
    return true;
  }
}
