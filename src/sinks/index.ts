import { extname } from 'node:path';
import type { ResultTarget } from '../contract/pipeline.ts';
import { RowmillError } from '../errors.ts';
import { csv } from './csv.ts';
import { jsonl } from './jsonl.ts';
import type { ResultFormat, Sink } from './sink.ts';

/** Where results can go, the preset first: file formats, flags, gateway and OpenAPI derive from it. */
export const SINKS = [jsonl, csv] as const;

export type ResultFormatName = (typeof SINKS)[number]['formats'][number]['name'];

const sinks: readonly Sink[] = SINKS;

type KnownFormat = ResultFormat & { readonly name: ResultFormatName };

const all = SINKS.flatMap(({ formats }): readonly KnownFormat[] => formats);

/** Each format once: sinks of other schemes may share it. */
export const RESULT_FORMATS = all.filter(
  ({ name }, at) => all.findIndex((other) => other.name === name) === at,
);

export const RESULT_FORMAT_NAMES = RESULT_FORMATS.map(({ name }) => name);
export const RESULT_EXTENSIONS = RESULT_FORMATS.map(({ extension }) => extension);

/** The format of the results in the store, before any sink has rewritten them. */
export const STORED_FORMAT = jsonl.formats[0].name;

/** By extension; `null` for one that no sink writes. */
export function resultFormatOf(path: string): ResultFormatName | null {
  const extension = extname(path).toLowerCase();
  return RESULT_FORMATS.find((format) => format.extension === extension)?.name ?? null;
}

/** By media type; `null` for one that no sink writes. */
export const formatOfMediaType = (type: string): ResultFormatName | null =>
  RESULT_FORMATS.find(({ mediaTypes }) => mediaTypes.includes(type))?.name ?? null;

const PATH = 'file';

/** `s3` of `s3://…`; `null` for a path. */
const addressScheme = (to: string): string | null =>
  /^([a-z][a-z0-9+.-]+):\/\//i.exec(to)?.[1]?.toLowerCase() ?? null;

/** An address that no sink takes: read as a path, its scheme would be a folder. */
export function isUnknownAddress(to: string): boolean {
  const scheme = addressScheme(to);
  if (scheme === null) return false;
  return scheme === PATH || !sinks.some(({ schemes }) => schemes.includes(scheme));
}

/** The sink that takes a target. Throws `sink_unwritable` where there is none. */
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
