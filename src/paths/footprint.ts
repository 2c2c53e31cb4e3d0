import { createHash } from 'node:crypto';
import { basename, dirname, extname } from 'node:path';
import { REPORT_END } from '../contract/names.ts';
import type { Pipeline } from '../contract/pipeline.ts';
import { isS3 } from '../s3/address.ts';
import { isDraftName } from '../store/disk/temp-files.ts';
import { joinPlace } from './place.ts';
import { realPlace } from './real-path.ts';

/** Every path that publishing to a target may write, replace or remove. */
export interface Footprint extends Companions {
  results: string;
}

/** A path that is not the target's to touch. */
export interface Owned {
  path: string;
  /** Description for display: `the file the rows come from`. */
  what: string;
}

/** A target that would touch what is not its own. */
export interface Clash {
  /** Index of the target. */
  at: number;
  /** Reason for display: `this is the file the rows come from`. */
  why: string;
}

/** Returns the footprint of a path as written, without reading the disk. */
export const writtenFootprint = (to: string): Footprint => ({
  results: to,
  ...companionsOf({ to }),
});

/** Returns the footprint of the resolved path. */
export async function realFootprint(to: string): Promise<Footprint> {
  const { results, quarantine, changes, report, manifest } = writtenFootprint(to);
  return {
    results: await realPlace(results),
    quarantine: await realPlace(quarantine),
    changes: await realPlace(changes),
    report: await realPlace(report),
    manifest: await realPlace(manifest),
  };
}

/** Taken while results and their companions are put in place: one for each file that two targets could share. */
export const locksOf = ({ results, manifest }: Footprint): string[] =>
  [...new Set([results, manifest])].map(lockBeside).sort();

/** The beginning of a name alone may be that of two files. */
const lockBeside = (path: string): string => {
  const name = basename(path);
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return joinPlace(dirname(path), `.${name.slice(0, 60)}.${digest}.lock`);
};

/** Targets that would touch what is owned by others, or each other's results. */
export function clashesOf(targets: readonly Footprint[], owned: readonly Owned[]): Clash[] {
  const results = targets.map(({ results: path }, at) => ({ path: keyOf(path), at }));
  return targets.flatMap((target, at): Clash[] => {
    const others: Owned[] = results
      .filter((other) => other.at < at || (other.at > at && other.path !== keyOf(target.results)))
      .map((other) => ({ path: other.path, what: `results[${other.at}]` }));
    const why = whyNot(target, [...owned, ...others]);
    return why === null ? [] : [{ at, why }];
  });
}

const WORDS = {
  quarantine: 'its quarantine would be',
  changes: 'its changes would be',
  report: 'its report would be',
  manifest: 'its manifest would be',
} as const;

function whyNot(target: Footprint, owned: readonly Owned[]): string | null {
  for (const { path, what } of owned) {
    const key = keyOf(path);
    if (key === keyOf(target.results)) return `this is ${what}`;
    for (const name of ['quarantine', 'changes', 'report', 'manifest'] as const) {
      if (key === keyOf(target[name])) return `${WORDS[name]} ${what}`;
    }
    if (locksOf(target).some((lock) => keyOf(lock) === key)) return `its lock would be ${what}`;
    if (isDraftName(basename(path)) && dirname(key) === dirname(keyOf(target.results))) {
      return `${what} has the name of a draft beside it`;
    }
  }
  return null;
}

/** True if names that differ only in case are the same file. */
const FOLDS_CASE = process.platform === 'darwin' || process.platform === 'win32';

const keyOf = (path: string): string =>
  FOLDS_CASE && !isS3(path) ? path.normalize('NFC').toLowerCase() : path;

export const SOURCE = 'the file the rows come from';

/**
 * Finds the clashes of a whole pipeline by its resolved paths. `file`: the pipeline file, if there
 * is one.
 */
export async function clashesOfPipeline(
  { rows, results }: Pick<Pipeline, 'rows' | 'results'>,
  file: string | null,
): Promise<Clash[]> {
  const owned: Owned[] = [];
  if (file !== null) owned.push({ path: await realPlace(file), what: 'the pipeline file itself' });
  if (rows.source.type === 'file') {
    owned.push({ path: await realPlace(rows.source.path), what: SOURCE });
  }
  return clashesOf(await Promise.all(results.map(({ to }) => realFootprint(to))), owned);
}

/** Files beside results: never named in a pipeline file, always written by rowmill. */
export interface Companions {
  quarantine: string;
  changes: string;
  /** File of the report; not written with `report: false`. */
  report: string;
  manifest: string;
}

/**
 * Returns the paths of the files beside the results: `out/x.jsonl` → `out/x.quarantine.jsonl`, …
 */
export const companionsOf = ({ to }: { to: string }): Companions => {
  const stem = to.slice(0, to.length - extname(to).length);
  return {
    quarantine: `${stem}.quarantine.jsonl`,
    changes: `${stem}.changes.jsonl`,
    report: `${stem}${REPORT_END}`,
    manifest: `${stem}.manifest.json`,
  };
};
