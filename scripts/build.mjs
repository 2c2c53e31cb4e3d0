/**
 * Builds dist: JavaScript with types, files that are not code, and the workflow bundle. Says
 * nothing unless something is wrong, and does nothing when no input has changed (`--force` does).
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

const FOLDERS = ['src', 'workflows', 'activities', 'sandbox', 'bench'];
const FILES = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts/build.mjs',
];
/** Files that are neither code nor needed for the build. */
const LEFT_OUT = /\.(ts|md)$|(^|\/)(package(-lock)?|tsconfig[^/]*)\.json$|(^|\/)\./;
const CACHE = join('node_modules', '.cache', 'rowmill-build');
/** Digest of the sources that dist was built from; outside of it, where it would be published. */
const STAMP = join(CACHE, 'inputs.sha256');
const MAIN = 'src/cli/main.js';
const BUNDLE = 'workflow-bundle.js';

const sources = FOLDERS.filter((folder) => existsSync(folder))
  .flatMap(filesOf)
  .sort();
const digest = digestOf([...sources, ...FILES.filter((file) => existsSync(file))]);
if (process.argv.includes('--force') || !isBuilt()) await build();

function isBuilt() {
  return existsSync('dist') && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === digest;
}

/** Into a folder of its own first: who runs the old build keeps it whole until the swap. */
async function build() {
  const draft = join(CACHE, `build-${process.pid}`);
  mkdirSync(draft, { recursive: true });
  try {
    if (!compile(draft)) return;
    for (const file of sources.filter((name) => !LEFT_OUT.test(name))) {
      mkdirSync(dirname(join(draft, file)), { recursive: true });
      cpSync(file, join(draft, file));
    }
    await bundle(draft);
    if (existsSync(join(draft, MAIN))) chmodSync(join(draft, MAIN), 0o755);
    rmSync('dist', { recursive: true, force: true });
    renameSync(draft, 'dist');
    writeFileSync(STAMP, digest);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function compile(outDir) {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', outDir];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
  return status === 0;
}

/** A worker with a ready bundle starts two seconds sooner and needs no bundler. */
async function bundle(outDir) {
  const folder = join(root, outDir);
  const workflowsPath = join(folder, 'workflows', 'index.js');
  if (!existsSync(workflowsPath)) return;
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    payloadConverterPath: join(folder, 'workflows', 'payload-converter.js'),
    failureConverterPath: join(folder, 'workflows', 'failure-converter.js'),
    logger: new DefaultLogger('WARN'),
    webpackConfigHook: (config) => ({ ...config, context: folder }),
  });
  writeFileSync(join(outDir, BUNDLE), withoutPlaces(code, folder));
}

/** The source map would show where this was built, in every stack trace. */
function withoutPlaces(code, folder) {
  return code.replace(/(sourceMappingURL=data:[^,]*;base64,)(\S+)/, (_all, head, map) => {
    const text = Buffer.from(map, 'base64').toString('utf8');
    const plain = text.replaceAll(`${folder}/`, '').replaceAll(root, '');
    return head + Buffer.from(plain).toString('base64');
  });
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).replaceAll('\\', '/'))
    .filter((name) => !name.includes('/node_modules/'));
}

function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}
