/**
 * Which room may import which: one direction, no circles (docs/design/development.md, "The house").
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

/**
 * The rooms inside one folder, from the ground up: each may import those before it, never one after it.
 */
const floors = (folder, ...rooms) =>
  rooms.slice(0, -1).map((from, at) => ({
    name: `floor-${folder}-${from}`.replace(/[^a-z]+/g, '-'),
    comment: 'imports run down',
    severity: 'error',
    from: { path: `^${folder}/${from}` },
    to: { path: rooms.slice(at + 1).map((above) => `^${folder}/${above}`) },
  }));
/** The files that lie in a folder itself, above its rooms. */
const ITS_OWN_FILES = '[^/]+\\.ts$';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    room('src/contract/', [], 'plain types and names: no dependency at all'),
    room('src/errors\\.ts', ['src/contract/run-command\\.ts'], 'the one table of error codes'),
    room('src/env\\.ts', ['src/(contract|store)/'], 'what the variables of rowmill mean'),
    room('src/text/', ['src/contract/'], 'numbers and facts as text, pure'),
    room('src/report/', ['src/(contract|text)/'], 'the page of a run, from its facts alone'),
    room('src/process/', ['src/(env|errors)\\.ts'], 'what every long process needs'),
    room('src/temporal/', ['src/(env|errors)\\.ts', 'src/contract/'], 'how a server is reached'),
    room('src/rules/', ['src/(contract|text)/'], 'pure decisions'),
    room(
      'workflows/',
      ['src/(contract|rules|text)/', 'activities/'],
      'only references, counters and decisions',
    ),
    ...floors('workflows', 'view/', 'control/', 'steps/', '(index|enrich-table)\\.ts$'),
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
      from: { path: '^(workflows|src/rules|src/contract|src/text)/' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'core'],
        pathNot: 'node_modules/@temporalio/(workflow|common)/',
      },
    },
    room('src/fence\\.ts', [], 'when a step may change something'),
    room('src/http/', ['src/(errors|fence)\\.ts', 'src/contract/'], 'one HTTP client'),
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
    room('src/outbound/', ['src/http/', 'src/errors\\.ts'], 'addresses that a file names'),
    room(
      'src/notify/',
      ['src/(http|outbound|text|contract)/', 'src/errors\\.ts'],
      'messages about runs and schedules',
    ),
    room('src/s3/', ['src/fence\\.ts'], 'objects in a bucket'),
    room('src/postgres/', [], 'connections to PostgreSQL'),
    room('src/store/', ['src/(errors|fence)\\.ts', 'src/contract/', 'src/s3/'], 'files of a run'),
    ...floors('src/store', 'store\\.ts$', 'disk/', 's3/', 'open-store\\.ts$'),
    room(
      'src/nights/',
      ['src/errors\\.ts', 'src/(contract|rules|store)/'],
      'what a lasting table keeps from one night to the next',
    ),
    room(
      'src/shared-pace/',
      ['src/(errors|fence)\\.ts', 'src/(http|store)/'],
      'one token, many workers',
    ),
    room('src/paths/', ['src/(contract|errors|store|s3)'], 'which files a run may touch'),
    room(
      'src/sources/',
      [
        'src/errors\\.ts',
        'src/did-you-mean\\.ts',
        'src/(contract|store|s3|postgres|outbound|http)/',
      ],
      'rows in',
    ),
    ...floors('src/sources', 'rows/', '(columns|formats)/', ITS_OWN_FILES),
    room('src/answers/', ['src/(contract|providers)/'], 'types of the answers'),
    room(
      'src/sinks/',
      ['src/(errors|fence)\\.ts', 'src/(answers|contract|paths|rules|store|s3|postgres)/'],
      'results out',
    ),
    ...floors('src/sinks', 'port/', 'files/', 'lock/', '(formats|postgres)/', ITS_OWN_FILES),
    room(
      'src/spec/',
      [
        'src/(did-you-mean|errors|safe-pattern)\\.ts',
        'src/(contract|paths|providers|rules|s3|sinks)/',
      ],
      'the pipeline file',
    ),
    ...floors('src/spec', 'document/', 'fields/', 'columns/', ITS_OWN_FILES),
    room(
      'activities/',
      [
        'src/(answers|contract|rules|nights|spec|providers|paths|store|sources|sinks|notify|errors|fence|http|text|report)',
        'src/safe-pattern\\.ts',
      ],
      'one API step each',
    ),
    ...floors(
      'activities',
      'runtime/',
      'run-files/',
      'table/',
      'nights/',
      'results/',
      ITS_OWN_FILES,
    ),
    ...floors('activities/results', 'scan/', 'summary/', 'report/', ITS_OWN_FILES),
    room(
      'src/client/',
      [
        'src/(answers|contract|rules|nights|spec|sources|paths|store|sinks|errors|providers|text|env|temporal|report)',
      ],
      'the library for backends',
    ),
    ...floors('src/client', 'pipelines/', 'runs/', 'schedules/', ITS_OWN_FILES),
    ...floors('src/client/runs', 'lookup/', 'files/', ITS_OWN_FILES),
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
      ['src/(contract|client|paths|sinks|spec|store|errors|worker|env|process|temporal|report)'],
      'the HTTP API for backends',
    ),
    ...floors('src/gateway', 'schemas/', 'routes/'),
    room(
      'src/worker/',
      [
        'src/(contract|rules|client|providers|paths|store|s3|sinks|notify|http|shared-pace|errors|process|temporal)',
        '(activities|workflows)/',
      ],
      'the worker process',
    ),
    room(
      'src/dev/',
      ['src/(errors|contract|providers|worker|client|paths|store|process|temporal)'],
      'Temporal on this machine',
    ),
    ...floors(
      'src/cli',
      'io/',
      '(progress|demo|init|completion)/',
      '(run|doctor)/',
      'actions/',
      '(commands/|(main|program)\\.ts$)',
    ),
    {
      name: 'actions-are-loaded-when-carried-out',
      comment: 'a command is declared without loading what it needs to run',
      severity: 'error',
      from: { path: '^src/cli/commands/' },
      to: { path: '^src/cli/actions/', dependencyTypesNot: ['dynamic-import', 'type-only'] },
    },
    room('sandbox/', [], 'a sandbox that shares no code with what it tests'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      // Without it no subpath of a package, such as `csv-stringify/sync`, is found.
      exportsFields: ['exports'],
      extensions: ['.ts', '.js'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
