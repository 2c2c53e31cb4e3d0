import { lstat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { checkStart } from '../../client/rowmill-check.ts';
import { openStore } from '../../env.ts';
import { EXIT, RowmillError } from '../../errors.ts';
import { requireProviderSpec, type StarterColumn } from '../../providers/catalog.ts';
import { chooseInput, chooseKey, namesCompanies } from '../init/choose.ts';
import { columnsNamed, proposedColumns } from '../init/asked-columns.ts';
import { firstPipeline, listFormat } from '../init/first-pipeline.ts';
import { columnNamed, readListColumns, type List, type ListColumn } from '../init/list-columns.ts';
import { askLine } from '../io/ask.ts';
import { isInteractive, type Cli } from '../io/context.ts';
import { formatCount, formatInteger } from '../io/format.ts';
import { printWarnings } from '../io/rows-report.ts';
import { quoted } from '../../sources/rows/row.ts';
import { shellQuote } from '../../text/shell.ts';

export interface InitFlags {
  provider: string;
  key?: string;
  input?: string;
  columns?: string;
  to: string;
  yes?: true;
}

/** Writes a first pipeline file for a list, once it passes what `rowmill check` checks. */
export async function init(cli: Cli, path: string, flags: InitFlags): Promise<void> {
  refuseControls(path);
  refuseControls(flags.to);
  await refuseExisting(flags.to);
  const wanted = [flags.key, flags.input].filter((name) => name !== undefined);
  const list = await readListColumns(path, listFormat(path), wanted);
  warnOfHeader(cli, list);
  const answers = await askAll(cli, list, flags);
  if (answers === null) {
    cli.log('Nothing was written.');
    cli.exitWith(EXIT.interrupted);
    return;
  }
  const { key, input, columns } = answers;
  const { to: file } = flags;
  const provider = requireProviderSpec(flags.provider);
  const text = await firstPipeline({ list, ...answers, provider, file, env: cli.env });
  const source = { text, baseDir: dirname(resolve(file)) };
  const { estimate, pipeline } = await checkStart(
    { pipeline: source },
    openStore(cli.env),
    cli.env,
  );
  await write(file, text);
  const names = columns.map(({ name }) => name).join(', ');
  cli.print(
    [
      `Wrote ${file}: ${pipeline.name}, by ${provider.name}`,
      `  key      ${key.name}`,
      `  input    ${input.name}`,
      `  columns  ${names}`,
      `  a run    ${formatCount(estimate.rows, 'row')}, ${formatCount(estimate.cells, 'cell')}, about ${formatInteger(estimate.credits)} credits`,
    ].join('\n'),
  );
  cli.log(`Next: rowmill check ${shellQuote(file)}`);
}

/** Warns of a list without names of columns: its first row would be lost. */
function warnOfHeader(cli: Cli, { columns }: List): void {
  const name = columns.find(({ namedLikeValue }) => namedLikeValue)?.name;
  if (name === undefined) return;
  const what = `${quoted(name)} looks like a value: add a line with names`;
  printWarnings(cli, [`the first line is read as the names of columns, and ${what}`]);
}

interface Answers {
  key: ListColumn;
  input: ListColumn;
  columns: readonly StarterColumn[];
}

/** Asks what no flag says; without a terminal nothing. Returns `null` after Ctrl-C. */
async function askAll(cli: Cli, list: List, flags: InitFlags): Promise<Answers | null> {
  const asks = flags.yes !== true && isInteractive(cli);
  const named = (name: string): ListColumn => columnNamed(list, name);
  if (asks) cli.log(`Columns of ${list.path}: ${list.columns.map(({ name }) => name).join(', ')}`);
  const key = await answer(cli, flags.key, named, asks, {
    question: 'Which column identifies a row, for ever?',
    proposal: () => chooseKey(list),
    text: ({ name }) => name,
  });
  if (key === null) return null;
  const input = await answer(cli, flags.input, named, asks, {
    question: 'Which column is asked about?',
    proposal: () => chooseInput(list),
    text: ({ name }) => name,
  });
  if (input === null) return null;
  const companies = namesCompanies(input);
  const parse = (names: string): readonly StarterColumn[] => columnsNamed(names, companies);
  const columns = await answer(cli, flags.columns, parse, asks, {
    question: 'What should be found, separated by commas?',
    proposal: () => proposedColumns(list, companies),
    text: (all) => all.map(({ name }) => name).join(', '),
  });
  return columns === null ? null : { key, input, columns };
}

interface Question<T> {
  question: string;
  proposal: () => T;
  text: (value: T) => string;
}

/** Takes the flag, else the answer at the terminal, else the proposal. */
async function answer<T>(
  cli: Cli,
  flag: string | undefined,
  parse: (text: string) => T,
  asks: boolean,
  { question, proposal, text }: Question<T>,
): Promise<T | null> {
  if (flag !== undefined) return parse(flag);
  const proposed = proposal();
  if (!asks) return proposed;
  for (;;) {
    const line = await askLine(cli, `${question} [${text(proposed)}] `);
    if (line === null) return null;
    if (line.trim() === '') return proposed;
    try {
      return parse(line.trim());
    } catch (error) {
      if (!(error instanceof RowmillError)) throw error;
      cli.log([error.what, ...(error.remedy === '' ? [] : [error.remedy])].join('\n'));
    }
  }
}

/** Refuses a path that no pipeline file could name, and that would end a comment in it. */
function refuseControls(path: string): void {
  if (!/\p{Cc}/u.test(path)) return;
  throw new RowmillError('usage', 'a path with control characters', {
    where: JSON.stringify(path),
    remedy: 'Rename the file.',
  });
}

const exists = (file: string): RowmillError =>
  new RowmillError('usage', 'is there already, and is not overwritten', {
    where: file,
    remedy: 'Name another file with --to, or move this one away.',
  });

async function refuseExisting(file: string): Promise<void> {
  const there = await lstat(file).catch(() => null);
  if (there !== null) throw exists(file);
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (code === 'EEXIST') throw exists(file);
    throw new RowmillError('usage', `cannot be written (${code})`, {
      where: file,
      remedy: 'Name a file in a folder that is there and can be written, with --to.',
      cause,
    });
  }
}
