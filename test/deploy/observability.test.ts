import { beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { liveMetrics } from './live-metrics.ts';
import { readPromql } from './promql.ts';
import { text } from './repository-text.ts';

interface Alert {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; runbook_url: string };
}
interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { type: string; uid: string };
  targets?: { refId: string; expr: string; datasource: { uid: string } }[];
}

// Our own files; what is used of them is asserted below.
const { groups } = parse(text('deploy/prometheus/rowmill.rules.yml')) as {
  groups: { rules: Alert[] }[];
};
const alerts = groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(text('deploy/grafana/dashboards/rowmill.json')) as {
  uid: string;
  title: string;
  panels: Panel[];
};
const { datasources } = parse(text('deploy/grafana/provisioning/datasources/prometheus.yml')) as {
  datasources: { uid: string; type: string; url: string }[];
};

const graphs = dashboard.panels.filter(({ type }) => type !== 'row');
const queries = [
  ...alerts.map(({ alert, expr }) => [alert, expr] as const),
  ...graphs.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
];

/** Labels by the name of the sample, as the worker exposes them. */
let exposed = new Map<string, Set<string>>();

beforeAll(async () => {
  exposed = samplesOf(await liveMetrics());
});

/** Labels of scraping, or of Prometheus itself. */
const SCRAPED = ['job', 'instance'];

function samplesOf(metrics: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of metrics.matchAll(/^([a-z_0-9]+)(?:\{(.*)\})? \S+$/gim)) {
    const known = found.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    found.set(name, known);
  }
  return found;
}

test.each(queries)('%s asks for metrics and labels that a worker has', (_title, expr) => {
  const { selectors, groupedBy } = readPromql(expr);
  expect(selectors.length).toBeGreaterThan(0);
  for (const { metric, labels } of selectors) {
    expect([...exposed.keys()]).toContain(metric);
    expect([...(exposed.get(metric) ?? []), ...SCRAPED]).toEqual(expect.arrayContaining(labels));
  }
  const all = selectors.flatMap(({ metric }) => [...(exposed.get(metric) ?? [])]);
  expect([...all, ...SCRAPED]).toEqual(expect.arrayContaining(groupedBy));
});

test('the labels are few and known: no id', () => {
  const ours = [...exposed].filter(([name]) => name.startsWith('rowmill_'));
  const labels = new Set(ours.flatMap(([, names]) => [...names]));
  expect([...labels].sort()).toEqual(
    ['code', 'end', 'for', 'le', 'mode', 'outcome', 'provider', 'route', 'status'].sort(),
  );
});

test('an expression that is no PromQL is noticed', () => {
  expect(() => readPromql('sum(rate(a_total[5m])')).toThrow(/no PromQL/);
  expect(readPromql('sum by (b) (rate(a_total{c="d"}[5m]))')).toEqual({
    selectors: [{ metric: 'a_total', labels: ['c'] }],
    groupedBy: ['b'],
  });
});

test('each alert has a severity, a summary and an existing runbook section', () => {
  const headings = [...text('docs/guides/operations.md').matchAll(/^#+ (.+)$/gm)].map(
    ([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^a-z0-9 -]/g, '')
        .replace(/ /g, '-'),
  );
  expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
  for (const { labels, annotations } of alerts) {
    expect(labels.severity).toMatch(/^(page|ticket|info)$/);
    expect(annotations.summary).not.toBe('');
    const [page, heading] = annotations.runbook_url.split('#');
    expect(page).toBe('{{ $externalLabels.rowmill_docs }}/guides/operations.md');
    expect(headings).toContain(heading);
  }
});

test('the dashboard’s panels have a place, a query and the data source that is provisioned', () => {
  const [source] = datasources;
  expect(datasources).toHaveLength(1);
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  for (const { title, datasource, targets = [] } of graphs) {
    expect([title, datasource?.uid]).toEqual([title, source?.uid]);
    expect(targets.length).toBeGreaterThan(0);
    for (const target of targets) expect(target.datasource.uid).toBe(source?.uid);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  }
});

test('each panel of the dashboard has its own place on the page', () => {
  const taken = new Map<string, string>();
  for (const { title, gridPos } of dashboard.panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        const before = taken.get(`${x} ${y}`);
        expect([title, before]).toEqual([title, undefined]);
        taken.set(`${x} ${y}`, title);
      }
    }
  }
});

const promtool = process.env['PROMTOOL'] ?? '';

(promtool === '' ? test.skip : test)('promtool agrees with the rules and their tests', async () => {
  await promisify(execFile)(new URL('../../deploy/prometheus/check.sh', import.meta.url).pathname);
});
