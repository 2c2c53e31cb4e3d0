import { createInterface } from 'node:readline/promises';
import type { Cli } from './context.ts';

/** Asks a question at the terminal; `null` after Ctrl-C or Ctrl-D. */
export async function askLine(cli: Cli, question: string): Promise<string | null> {
  const lines = createInterface({ input: cli.stdin, output: cli.stderr });
  const given = new AbortController();
  lines.once('SIGINT', () => given.abort()).once('close', () => given.abort());
  try {
    return await lines.question(question, { signal: given.signal });
  } catch (error) {
    if (!given.signal.aborted) throw error;
    cli.log('');
    return null;
  } finally {
    lines.close();
  }
}
