import { expect, test } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = new URL('../../', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const dockerfile = text('Dockerfile').replace(/\\\n/g, ' ');

/** Sources of the COPY instructions that take them from the checkout. */
const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
  sources.trim().split(/\s+/),
);

test('the image copies only files that .dockerignore allows', () => {
  const allowed = [...text('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path);
  expect(copied.length).toBeGreaterThan(0);
  for (const path of copied) {
    expect(existsSync(new URL(path, root))).toBe(true);
    expect(allowed).toContain(path);
  }
  expect(text('.dockerignore')).toMatch(/^\*$/m);
});

test('the image contains every compiled folder except the benchmarks', () => {
  // Our own file.
  const { include } = JSON.parse(text('tsconfig.build.json')) as { include: string[] };
  expect(copied).toEqual(expect.arrayContaining(include.filter((name) => name !== 'bench')));
});

test('the image runs the worker without root', () => {
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  expect(last).toMatch(/^USER 10001:10001$/m);
  expect(last).toMatch(/^ENTRYPOINT \["node", "\/app\/dist\/src\/cli\/main\.js"\]$/m);
  expect(last).toMatch(/^CMD \["worker"\]$/m);
  expect(last).toMatch(/^HEALTHCHECK /m);
});

test('memory that a thread of the worker has freed is there for others', () => {
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  expect(last).toMatch(/^ENV .*\bMALLOC_ARENA_MAX=1\b/m);
  expect(last).toMatch(/^ENV .*\bMALLOC_MMAP_THRESHOLD_=131072\b/m);
});

test('scripts of the Temporal services are shell that parses', async () => {
  for (const name of ['schema.sh', 'namespace.sh']) {
    await run('sh', ['-n', fileURLToPath(new URL(`deploy/temporal/${name}`, root))]);
  }
});

/** Exit code. */
const healthcheck = async (url: string): Promise<unknown> => {
  const script = fileURLToPath(new URL('deploy/healthcheck.mjs', root));
  const child = spawn(process.execPath, [script, url], { stdio: 'ignore' });
  // Of `close`: exit code and signal.
  const [code] = (await once(child, 'close')) as unknown[];
  return code;
};

test('the health check distinguishes a healthy, a sick and a missing worker', async () => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/live' ? 200 : 503).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on a port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  try {
    expect(await healthcheck(`http://127.0.0.1:${port}/live`)).toBe(0);
    expect(await healthcheck(`http://127.0.0.1:${port}/ready`)).toBe(1);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
  expect(await healthcheck(`http://127.0.0.1:${port}/live`)).toBe(1);
});
