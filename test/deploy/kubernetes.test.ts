import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { parse, parseAllDocuments } from 'yaml';
import { parseDuration } from '../../src/spec/index.ts';
import { gatewaySettings } from '../../src/gateway/settings.ts';
import { DEFAULT_TASK_QUEUE, pollQueueOf } from '../../src/contract/names.ts';
import { WORKER_SETTINGS } from '../../src/worker/settings.ts';

const folder = new URL('../../deploy/kubernetes/', import.meta.url);
const text = (name: string): string => readFileSync(new URL(name, folder), 'utf8');

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}
interface Container {
  image: string;
  args: string[];
  ports: { name: string; containerPort: number }[];
  livenessProbe: { httpGet: { path: string; port: string } };
  readinessProbe: { httpGet: { path: string; port: string } };
  resources: { requests: { memory: string }; limits: { memory: string } };
  securityContext: object;
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
  envFrom: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
}
interface Deployment extends Manifest {
  spec: {
    selector: { matchLabels: object };
    template: {
      metadata: { labels: object };
      spec: {
        containers: Container[];
        volumes: { name: string; secret?: { secretName: string } }[];
        terminationGracePeriodSeconds: number;
        securityContext: object;
      };
    };
  };
}

// Ours, and held against Kubernetes's own types below.
const { resources, images } = parse(text('kustomization.yaml')) as {
  resources: string[];
  images: { name: string; newTag: string }[];
};
const manifests = resources.flatMap((name) =>
  parseAllDocuments(text(name)).map((document) => document.toJS() as Manifest),
);
const ofKind = <T extends Manifest>(kind: string): T[] =>
  manifests.filter((each): each is T => each.kind === kind);
const deployments = ofKind<Deployment>('Deployment');
const podOf = ({ spec }: Deployment) => spec.template.spec;
const named = manifests.map((each) => [`${each.kind} ${each.metadata.name}`, each] as const);

/** `apps/v1` + `Deployment` → `apps/v1/Deployment`, as the package has it. */
const modelOf = ({ apiVersion, kind }: Manifest): string =>
  `kubernetes-models/${apiVersion}/${kind}`;

test('every file of the folder belongs to it', () => {
  const entries = readdirSync(folder, { withFileTypes: true });
  const files = entries.flatMap((entry) => (entry.isFile() ? [entry.name] : []));
  const others = files.filter((name) => name !== 'kustomization.yaml');
  expect(others.sort()).toEqual([...resources].sort());
});

/** Custom resource whose types no package has: the fields of the page of its scaler. */
interface ScaledObject extends Manifest {
  spec: {
    scaleTargetRef: { name: string };
    minReplicaCount: number;
    maxReplicaCount: number;
    triggers: { type: string; metadata: Record<string, string> }[];
  };
}

test('the example scales the workers by the backlog of both their queues, in their namespace', () => {
  const scaled = parse(text('autoscale/worker.yaml')) as ScaledObject;
  expect(scaled).toMatchObject({ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' });
  const { scaleTargetRef, minReplicaCount, maxReplicaCount, triggers } = scaled.spec;
  const worker = deployments.find(({ metadata }) => metadata.name === scaleTargetRef.name);
  expect(podOf(worker as Deployment).containers[0]?.args).toEqual(['worker']);
  expect(minReplicaCount).toBeLessThan(maxReplicaCount);
  const queues = [DEFAULT_TASK_QUEUE, pollQueueOf(DEFAULT_TASK_QUEUE)];
  expect(triggers.map(({ metadata }) => metadata['taskQueue'])).toEqual(queues);
  const [config] = ofKind<Manifest & { data: Record<string, string> }>('ConfigMap');
  for (const { type, metadata } of triggers) {
    expect(type).toBe('temporal');
    expect(metadata['endpoint']).toBe(config?.data['TEMPORAL_ADDRESS']);
    expect(metadata['namespace']).toBe(config?.data['TEMPORAL_NAMESPACE']);
    // Numbers and switches of a trigger are texts.
    for (const value of Object.values(metadata)) expect(typeof value).toBe('string');
  }
});

test('all state of the pods is in one bucket', () => {
  const [config] = ofKind<Manifest & { data: Record<string, string> }>('ConfigMap');
  expect(config?.data['ROWMILL_STORE']).toMatch(/^s3:\/\/\w+/);
  expect(ofKind('PersistentVolumeClaim')).toEqual([]);
  for (const deployment of deployments) {
    for (const volume of podOf(deployment).volumes) {
      expect(['tmp', 'payload-keys']).toContain(volume.name);
    }
  }
});

test.each(named)('%s is what the schema of Kubernetes says', async (_name, manifest) => {
  // A module of the package: classes by kind.
  const models = (await import(modelOf(manifest))) as Record<
    string,
    new (data: object) => { validate(): void }
  >;
  const Model = models[manifest.kind];
  if (Model === undefined) throw new Error(`no model of ${manifest.kind}`);
  expect(() => new Model(manifest).validate()).not.toThrow();
});

/**
 * Lists the compiler's errors for literals of the types of their kinds, unknown fields above all.
 */
function typeErrors(all: readonly Manifest[]): string[] {
  const source = all
    .map((each, at) => {
      const name = `I${each.kind}`;
      return `import type { ${name} as T${at} } from '${modelOf(each)}';\nexport const m${at}: T${at} = ${JSON.stringify(each)};`;
    })
    .join('\n');
  const file = fileURLToPath(new URL('manifests.ts', import.meta.url));
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const literals: ts.CompilerHost = {
    ...host,
    fileExists: (path) => path === file || host.fileExists(path),
    getSourceFile: (path, version) =>
      path === file
        ? ts.createSourceFile(path, source, version)
        : host.getSourceFile(path, version),
  };
  const program = ts.createProgram([file], options, literals);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

test('no manifest has a field that Kubernetes does not know', () => {
  const [deployment] = deployments;
  // A field in the wrong place: the one thing that must be found.
  const wrong = { ...deployment, spec: { ...deployment?.spec, terminationGracePeriod: 1 } };
  const found = typeErrors([...manifests, wrong as unknown as Manifest]);
  expect(found).toEqual([expect.stringContaining('terminationGracePeriod')]);
});

test.each(deployments.map((each) => [each.metadata.name, each] as const))(
  '%s runs without privileges',
  (_name, deployment) => {
    const pod = podOf(deployment);
    expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001 });
    for (const container of pod.containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      const mounts = container.volumeMounts.map(({ name }) => name);
      expect(pod.volumes.map(({ name }) => name)).toEqual([...new Set(mounts)]);
      expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toContain('/tmp');
    }
  },
);

test('names that are referred to are there', () => {
  const names = (kind: string): string[] => ofKind(kind).map(({ metadata }) => metadata.name);
  for (const deployment of deployments) {
    const { spec } = deployment;
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    for (const { secret } of podOf(deployment).volumes) {
      if (secret === undefined) continue;
      expect(text('config.yaml')).toContain(`create secret generic ${secret.secretName} `);
    }
    for (const { envFrom, image } of podOf(deployment).containers) {
      for (const { configMapRef, secretRef } of envFrom) {
        if (configMapRef !== undefined) expect(names('ConfigMap')).toContain(configMapRef.name);
        // Made by hand; the command is in the file.
        if (secretRef !== undefined) {
          expect(text('config.yaml')).toContain(`create secret generic ${secretRef.name} `);
        }
      }
      expect(image).toBe(`rowmill:${images[0]?.newTag}`);
    }
  }
});

test('the worker’s probes ask the paths of its health server', () => {
  const [pod] = deployments.filter(({ metadata }) => metadata.name === 'rowmill-worker').map(podOf);
  const [worker] = pod?.containers ?? [];
  expect(worker?.args).toEqual(['worker']);
  expect(worker?.livenessProbe.httpGet.path).toBe('/live');
  expect(worker?.readinessProbe.httpGet.path).toBe('/ready');
  const port = Number(WORKER_SETTINGS.healthPort.preset);
  expect(worker?.ports).toContainEqual({ name: 'health', containerPort: port });
});

test('the worker gets its time to drain', () => {
  const [pod] = deployments.filter(({ metadata }) => metadata.name === 'rowmill-worker').map(podOf);
  const forceMs = parseDuration(WORKER_SETTINGS.shutdownForceMs.preset) ?? 0;
  expect((pod?.terminationGracePeriodSeconds ?? 0) * 1_000).toBeGreaterThan(forceMs);
});

test('the gateway has only the ports, paths and secrets of a gateway', () => {
  const [pod] = deployments
    .filter(({ metadata }) => metadata.name === 'rowmill-gateway')
    .map(podOf);
  const [gateway] = pod?.containers ?? [];
  expect(gateway?.args).toEqual(['serve', '--host', '0.0.0.0']);
  expect(gateway?.livenessProbe.httpGet.path).toBe('/healthz');
  expect(gateway?.readinessProbe.httpGet.path).toBe('/readyz');
  const { port } = gatewaySettings({});
  expect(gateway?.ports).toContainEqual({ name: 'http', containerPort: port });
  const secrets = gateway?.envFrom.flatMap(({ secretRef }) => secretRef?.name ?? []);
  expect(secrets).toEqual(['rowmill-gateway', 'rowmill-s3']);
  const writable = gateway?.volumeMounts.filter(({ readOnly }) => readOnly !== true) ?? [];
  expect(writable.map(({ mountPath }) => mountPath)).toEqual(['/tmp']);
});

test('what is configured are variables that rowmill reads', () => {
  const [config] = ofKind<Manifest & { data: Record<string, string> }>('ConfigMap');
  const cli = readFileSync(new URL('../../docs/reference/cli.md', import.meta.url), 'utf8');
  const files = ['ROWMILL_PAYLOAD_KEYS_FILE'];
  const variables = Object.values(WORKER_SETTINGS).map(({ variable }): string => variable);
  const settings = [...variables, ...files];
  for (const name of Object.keys(config?.data ?? {})) {
    expect([name, settings.includes(name) || cli.includes(`\`${name}\``)]).toEqual([name, true]);
  }
});
