/**
 * Which room may import which: one direction, no circles (docs/development.md, "The house").
 */
const room = (from, allowed, comment) => ({
  name: `room-${from.replace(/[^a-z]+/g, '-')}`,
  comment,
  severity: 'error',
  from: { path: `^${from}` },
  to: {
    pathNot: [`^${from}`, '^node_modules', ...allowed.map((to) => `^${to}`)],
    dependencyTypesNot: ['core', 'npm', 'npm-dev'],
  },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    room('src/contract/', [], 'plain types and names: no dependency at all'),
    room('src/errors\\.ts', ['src/contract/run-command\\.ts'], 'the one table of error codes'),
    room('src/ports\\.ts', ['src/errors\\.ts'], 'free ports of this machine'),
    room('src/rules/', ['src/contract/'], 'pure judgements'),
    room(
      'workflows/',
      ['src/contract/', 'src/rules/', 'activities/'],
      'only references, counters and decisions',
    ),
    {
      name: 'workflows-see-activity-types-only',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^activities/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflow-packages',
      comment: 'anything else ends up in the workflow bundle',
      severity: 'error',
      from: { path: '^(workflows|src/rules|src/contract)/' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'core'],
        pathNot: 'node_modules/@temporalio/(workflow|common)/',
      },
    },
    room('src/http/', ['src/errors\\.ts', 'src/contract/'], 'one HTTP client'),
    room(
      'src/providers/',
      ['src/http/', 'src/errors\\.ts', 'src/contract/'],
      'the port and what stands behind it',
    ),
    {
      name: 'providers-behind-the-port',
      comment: 'what differs between providers stands behind their port and their spec',
      severity: 'error',
      from: { path: '^(src|workflows|activities)/', pathNot: '^src/providers/' },
      to: { path: '^src/providers/[^/]+/' },
    },
    room('src/notify/', ['src/http/', 'src/errors\\.ts', 'src/contract/'], 'telling of the end'),
    room('src/store/', ['src/errors\\.ts', 'src/contract/'], 'files of a run'),
    room('src/paths/', ['src/(contract|errors|store)'], 'which files a run may touch'),
    room(
      'src/sources/',
      ['src/errors\\.ts', 'src/nearest\\.ts', 'src/contract/', 'src/store/'],
      'rows in',
    ),
    room('src/sinks/', ['src/errors\\.ts', 'src/(contract|paths|rules|store)/'], 'results out'),
    room(
      'src/spec/',
      ['src/(errors|nearest)\\.ts', 'src/(contract|paths|providers|rules|sinks)/'],
      'the pipeline file',
    ),
    room(
      'activities/',
      ['src/(contract|rules|spec|providers|paths|store|sources|sinks|notify|errors|http)'],
      'one API step each',
    ),
    room(
      'src/client/',
      ['src/(contract|rules|spec|sources|paths|store|sinks|errors|providers)'],
      'the library for backends',
    ),
    {
      name: 'commands-use-the-library',
      comment: 'a command does what a backend can do, by the same public classes',
      severity: 'error',
      from: { path: '^src/cli/actions/' },
      to: {
        path: '^src/client/',
        pathNot: '^src/client/rowmill[^/]*\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    room(
      'src/gateway/',
      ['src/(contract|client|paths|sinks|spec|store|errors|worker)'],
      'the HTTP API for backends',
    ),
    room(
      'src/worker/',
      [
        'src/(contract|rules|client|providers|paths|store|sinks|notify|http|errors|ports)',
        '(activities|workflows)/',
      ],
      'the worker process',
    ),
    room(
      'src/dev/',
      ['src/(errors|ports|contract|providers|worker|client|paths|store)'],
      'Temporal on this machine',
    ),
    room('sandbox/', [], 'a sandbox that shares no code with what it tests'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
