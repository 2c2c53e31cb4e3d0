import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** All that workflow code may import, and what the bundler itself depends on. */
const INPUTS = ['workflows', 'src/contract', 'src/rules', 'src/text'];
const LOCK_FILE = 'package-lock.json';
const CACHE = join(ROOT, 'node_modules', '.cache', 'rowmill-workflows');

/** The bundled workflows: made once, and again only when their code has changed. */
export async function workflowBundle(): Promise<string | null> {
  const workflowsPath = join(ROOT, 'workflows', 'index.ts');
  if (!existsSync(workflowsPath)) return null;
  const file = join(CACHE, `${await digest()}.js`);
  if (existsSync(file)) return file;
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const logger = new DefaultLogger('WARN');
  const payloadConverterPath = join(ROOT, 'workflows', 'payload-converter.ts');
  const failureConverterPath = join(ROOT, 'workflows', 'failure-converter.ts');
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    payloadConverterPath,
    failureConverterPath,
    logger,
  });
  await mkdir(CACHE, { recursive: true });
  await removeOld();
  await writeFile(`${file}.${process.pid}`, code);
  await rename(`${file}.${process.pid}`, file);
  return file;
}

/** Removes old bundles after a while: another test run may still read one. */
async function removeOld(): Promise<void> {
  for (const name of await readdir(CACHE)) {
    const { mtimeMs } = await stat(join(CACHE, name));
    if (Date.now() - mtimeMs > 24 * 3_600_000) await rm(join(CACHE, name), { force: true });
  }
}

async function digest(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(ROOT, LOCK_FILE)));
  for (const folder of INPUTS) {
    const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    for (const file of files.map((entry) => join(entry.parentPath, entry.name)).sort()) {
      hash.update(`${file}\0`).update(await readFile(file));
    }
  }
  return hash.digest('hex').slice(0, 16);
}
