import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Program and arguments that start this command line again, from sources as from the build. */
export function selfCommand(): [string, ...string[]] {
  const here = fileURLToPath(import.meta.url);
  const main = fileURLToPath(new URL(`./main${extname(here)}`, import.meta.url));
  return [process.execPath, ...process.execArgv, main];
}
