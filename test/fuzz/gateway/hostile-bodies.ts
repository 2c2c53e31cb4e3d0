/** Bodies made to take long, or much memory; of about so many bytes. */

export interface HostileBody {
  name: string;
  /** JSON, or what should have been. */
  make: (bytes: number) => string;
}

const many = (count: number, text: (at: number) => string, between = ','): string =>
  Array.from({ length: Math.max(1, Math.floor(count)) }, (_, at) => text(at)).join(between);

const fill = (text: string, bytes: number): string => text.repeat(Math.max(1, bytes / text.length));

/** A whole start, with other text in the place of one of its parts. */
const start = (
  parts: { table?: string; rows?: string; more?: string; beside?: string } = {},
): string => {
  const column = '{"kind":"agent","key":"a","name":"A","value":{"prompt":"Who?"}}';
  const table = parts.table ?? `{"columns":[${column}]}`;
  const rows = parts.rows ?? '{"inline":[{"input":"3M"}],"key":"input"}';
  // Refused whatever happens: nothing is paid for a test.
  const spend = '"spend":{"maxCredits":0}';
  const pipeline = `{"name":"fuzz","provider":"extruct","table":${table},"rows":${rows},${spend}${parts.more ?? ''}}`;
  return `{"pipeline":${pipeline}${parts.beside ?? ''}}`;
};

const column = (prompt: string): string =>
  `{"columns":[{"kind":"agent","key":"a","name":"A","value":{"prompt":"${prompt}"}}]}`;

const yaml = (text: string): string => JSON.stringify({ pipeline: text });

const sheet = (config: string): string =>
  `{"pipeline":{"name":"fuzz","provider":"promptlayer","table":{"columns":[{"title":"in","type":"TEXT"},${config}]},"rows":{"inline":[]},"spend":{"maxCredits":0}}}`;

const inline = (text: string): string =>
  `{"title":"out","type":"PROMPT_TEMPLATE","config":{"inline_template":{"inline":true,"template_format":"jinja2","prompt_template":{"text":"${text}"}},"prompt_template_variable_mappings":{}}}`;

export const HOSTILE: readonly HostileBody[] = [
  { name: 'wide list', make: (n) => `[${fill('1,', n)}1]` },
  { name: 'wide list of lists', make: (n) => `{"pipeline":{"name":[${fill('[],', n)}[]]}}` },
  { name: 'wide list of objects', make: (n) => `{"pipeline":{"run":[${fill('{"a":1},', n)}1]}}` },
  { name: 'deep lists', make: (n) => '['.repeat(n / 2) + ']'.repeat(n / 2) },
  { name: 'deep lists without an end', make: (n) => `{"pipeline":${'['.repeat(n)}` },
  { name: 'deep objects', make: (n) => `${'{"a":'.repeat(n / 6)}1${'}'.repeat(n / 6)}` },
  {
    name: 'deep pipeline',
    make: () => start({ more: `,"run":${'['.repeat(60)}${']'.repeat(60)}` }),
  },
  {
    name: 'deep rows',
    make: () => start({ rows: `{"inline":[{"input":${'['.repeat(55)}1${']'.repeat(55)}}]}` }),
  },
  { name: 'unknown keys', make: (n) => `{${many(n / 12, (at) => `"k${at}":1`)}}` },
  {
    name: 'unknown keys of a pipeline',
    make: (n) => start({ more: `,${many(n / 12, (at) => `"k${at}":1`)}` }),
  },
  {
    name: 'unknown keys of a column',
    make: (n) => start({ table: `{"columns":[{${many(n / 12, (at) => `"k${at}":1`)}}]}` }),
  },
  { name: 'mentions', make: (n) => start({ table: column(many(n / 9, (at) => `{m${at}}`, ' ')) }) },
  {
    name: 'long mentions',
    make: (n) =>
      start({ table: column(many(n / 3000, (at) => `{${'m'.repeat(2990)}${at}}`, ' ')) }),
  },
  {
    name: 'labels',
    make: (n) =>
      start({
        table: `{"columns":[{"kind":"agent","key":"a","name":"A","value":{"prompt":"x","labels":[${fill('"",', n)}""]}}]}`,
      }),
  },
  { name: 'columns', make: (n) => start({ table: `{"columns":[${fill('{},', n)}{}]}` }) },
  {
    name: 'columns of one key',
    make: (n) =>
      start({
        table: `{"columns":[${many(n / 70, () => '{"kind":"input","key":"a","name":"A"}')}]}`,
      }),
  },
  {
    name: 'mappings',
    make: (n) => start({ rows: `{"inline":[],"map":{${many(n / 14, (at) => `"m${at}":"x"`)}}}` }),
  },
  {
    name: 'results',
    make: (n) => start({ more: `,"results":[${many(n / 20, (at) => `{"to":"r${at}.csv"}`)}]` }),
  },
  {
    name: 'time zone',
    make: (n) => start({ more: `,"schedule":{"at":"02:30","timezone":"${fill('Europe/', n)}"}` }),
  },
  {
    name: 'times of day',
    make: (n) => start({ more: `,"schedule":{"at":[${fill('"02:30",', n)}"02:30"]}` }),
  },
  {
    name: 'absurd durations',
    make: () =>
      start({
        more: ',"run":{"deadline":"99999999999999999999999999999999999999d","maxPollInterval":"0.0000000001ms","stallAfter":"1e9h"}',
      }),
  },
  {
    name: 'absurd numbers',
    make: () => start({ more: ',"run":{"failedPasses":1e308,"tolerateFailed":-1e308},"x":1e999' }),
  },
  { name: 'a name of megabytes', make: (n) => `{"pipeline":{"name":"${fill('n', n)}"}}` },
  { name: 'a key of megabytes', make: (n) => start({ more: `,"${fill('k', n)}":1` }) },
  { name: 'escapes', make: (n) => `{"pipeline":{"name":"${fill('\\u0000', n)}"}}` },
  { name: 'half characters', make: (n) => `{"pipeline":{"name":"${fill('\\ud800', n)}"}}` },
  { name: 'prototypes', make: (n) => `{${many(n / 20, () => '"__proto__":{"a":1}')}}` },
  { name: 'one key many times', make: (n) => `{${many(n / 12, () => '"pipeline":1')}}` },
  {
    name: 'texts that look like secrets',
    make: (n) => start({ table: column(fill('token: a1', n)) }),
  },
  {
    name: 'addresses with colons',
    make: (n) => start({ table: column(fill(`a://${':'.repeat(400)}`, n)) }),
  },
  { name: 'rows of nothing', make: (n) => start({ beside: `,"rows":[${fill('{},', n)}{}]` }) },
  { name: 'rows that are none', make: (n) => start({ beside: `,"rows":[${fill('1,', n)}1]` }) },
  {
    name: 'rows of one key',
    make: (n) => start({ beside: `,"rows":[${many(n / 14, () => '{"input":"x"}')}]` }),
  },
  {
    name: 'good rows',
    make: (n) => start({ beside: `,"rows":[${many(n / 18, (at) => `{"input":"r${at}"}`)}]` }),
  },
  {
    name: 'one row of many columns',
    make: (n) => start({ beside: `,"rows":[{${many(n / 14, (at) => `"c${at}":"x"`)}}]` }),
  },
  {
    name: 'rows of columns of their own',
    make: (n) => start({ beside: `,"rows":[${many(n / 16, (at) => `{"c${at}":"x"}`)}]` }),
  },
  {
    name: 'a field of megabytes',
    make: (n) => start({ beside: `,"rows":[{"input":"${fill('x', n)}"}]` }),
  },
  {
    name: 'rows beside the pipeline',
    make: (n) => start({ beside: `,"colour":[${fill('1,', n)}1]` }),
  },
  { name: 'YAML flow lists', make: (n) => yaml(`name: [${fill('[1,1],', n)}]`) },
  { name: 'YAML block lists', make: (n) => yaml(`name:\n${fill('- 1\n', n)}`) },
  { name: 'YAML keys', make: (n) => yaml(many(n / 10, (at) => `k${at}: 1`, '\n')) },
  { name: 'YAML dashes', make: (n) => yaml(`name:\n${fill(`${'- '.repeat(199)}1\n`, n)}`) },
  { name: 'YAML brackets', make: (n) => yaml(`name: ${fill(`${'['.repeat(199)} x `, n)}`) },
  { name: 'YAML comments', make: (n) => yaml(`name: x\n${fill('# c\n', n)}`) },
  { name: 'YAML anchors', make: (n) => yaml(`a:\n${many(n / 14, (at) => `- &a${at} 1`, '\n')}`) },
  { name: 'YAML aliases', make: (n) => yaml(`a: &a 1\nb:\n${fill('- *a\n', n)}`) },
  {
    name: 'YAML alias bomb',
    make: () => {
      const level = (at: number): string => `l${at}: &l${at} [${many(9, () => `*l${at - 1}`)}]`;
      return yaml(
        ['l0: &l0 [x]', ...Array.from({ length: 30 }, (_, at) => level(at + 1))].join('\n'),
      );
    },
  },
  { name: 'YAML tags', make: (n) => yaml(fill('a: !!binary x\n', n)) },
  { name: 'YAML documents', make: (n) => yaml(fill('--- a\n', n)) },
  { name: 'YAML quotes', make: (n) => yaml(`a: "${fill('\\', n)}`) },
  { name: 'Jinja without an end', make: (n) => sheet(inline(fill('{{ ', n))) },
  { name: 'Jinja comments without an end', make: (n) => sheet(inline(fill('{# ', n))) },
  { name: 'Jinja mentions', make: (n) => sheet(inline(many(n / 10, (at) => `{{m${at}}}`))) },
  {
    name: 'dependencies',
    make: (n) =>
      sheet(`{"title":"o","type":"COALESCE","config":{"sources":[${fill('"x",', n)}"x"]}}`),
  },
  {
    name: 'a config of megabytes',
    make: (n) =>
      sheet(`{"title":"o","type":"ENDPOINT","config":{${many(n / 12, (at) => `"k${at}":[1]`)}}}`),
  },
  { name: 'spaces', make: (n) => `{${fill(' ', n)}` },
  { name: 'commas', make: (n) => fill(',', n) },
  { name: 'an open text', make: (n) => `"${fill('x', n)}` },
];
