import { extname } from 'node:path';
import type { ResultTarget, TypePolicy } from '../contract/pipeline.ts';
import { RowmillError } from '../errors.ts';
import { csv } from './formats/csv.ts';
import { jsonl } from './formats/jsonl.ts';
import { parquet } from './formats/parquet.ts';
import type { ResultFormat, Sink } from './port/sink.ts';

/**
 * Sinks for results, the default first. File formats, flags, gateway and OpenAPI derive from this
 * table.
 */
export const SINKS = [jsonl, csv, parquet] as const;

export type ResultFormatName = (typeof SINKS)[number]['formats'][number]['name'];

const sinks: readonly Sink[] = SINKS;

type KnownFormat = ResultFormat & { readonly name: ResultFormatName };

const all = SINKS.flatMap(({ formats }): readonly KnownFormat[] => formats);

/** Formats, each once: sinks of other schemes may share one. */
export const RESULT_FORMATS = all.filter(
  ({ name }, at) => all.findIndex((other) => other.name === name) === at,
);

export const RESULT_FORMAT_NAMES = RESULT_FORMATS.map(({ name }) => name);
export const RESULT_EXTENSIONS = RESULT_FORMATS.map(({ extension }) => extension);

/** Names as a sentence lists them: `a, b or c`. */
export const listOf = (names: readonly string[]): string =>
  [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '').join(' or ');

/** Format of the results in the store, before a sink converts them. */
export const STORED_FORMAT = jsonl.formats[0].name;

/** Returns the format of a file extension; `null` if no sink writes it. */
export function resultFormatOf(path: string): ResultFormatName | null {
  const extension = extname(path).toLowerCase();
  return RESULT_FORMATS.find((format) => format.extension === extension)?.name ?? null;
}

/** Returns the format of a media type; `null` if no sink writes it. */
export const formatOfMediaType = (type: string): ResultFormatName | null =>
  RESULT_FORMATS.find(({ mediaTypes }) => mediaTypes.includes(type))?.name ?? null;

const PATH = 'file';

/** Returns `s3` of `s3://…`; `null` for a path. */
const addressScheme = (to: string): string | null =>
  /^([a-z][a-z0-9+.-]+):\/\//i.exec(to)?.[1]?.toLowerCase() ?? null;

/** Addresses that results are written to, as messages name them. */
export const ADDRESSES = [...new Set(sinks.flatMap(({ schemes }) => schemes))]
  .filter((scheme) => scheme !== PATH)
  .map((scheme) => `${scheme}://…`);

/** Explains an address that no sink writes to, which as a path would become a folder; else `null`. */
export function unknownAddress(to: string): string | null {
  const scheme = addressScheme(to);
  if (scheme === null) return null;
  const isKnown = scheme !== PATH && sinks.some(({ schemes }) => schemes.includes(scheme));
  return isKnown ? null : `nothing is written to ${scheme}://`;
}

/** Returns the treatment of answers by their types at a target. */
export const typePolicyOf = ({ format, types }: ResultTarget): TypePolicy => {
  const written: ResultFormat | undefined = RESULT_FORMATS.find(({ name }) => name === format);
  return types ?? written?.types ?? 'off';
};

/** Returns the sink of a target. Throws `sink_unwritable` without one. */
export function sinkOf({ to, format }: ResultTarget): Sink {
  const scheme = addressScheme(to) ?? PATH;
  const found = sinks.find(
    ({ schemes, formats }) =>
      schemes.includes(scheme) && formats.some(({ name }) => name === format),
  );
  if (found !== undefined) return found;
  throw new RowmillError('sink_unwritable', `no sink writes ${format} to ${scheme} targets`, {
    where: to,
  });
}
