import { resolve } from 'node:path';
import { EXPORTS_FOLDER } from '../contract/names.ts';
import type { Pipeline } from '../contract/pipeline.ts';
import { RowmillError } from '../errors.ts';
import { realFootprint } from '../paths/footprint.ts';
import { isPlace, joinPlace } from '../paths/place.ts';
import { isBelow, realPlace } from '../paths/real-path.ts';
import { safeName } from '../store/safe-name.ts';
import type { Store } from '../store/store.ts';

/** Policy on the files that a pipeline from another machine may name. */
export interface PathPolicy {
  /** Returns the directory that relative paths of a run start from. */
  baseDir(key: string): string;
  /** Returns the result path of a run whose pipeline names none. */
  defaultResult(key: string, name: string): string;
  /** Checks every path of a pipeline. @throws RowmillError `path_refused` */
  check(pipeline: Pipeline, key: string): Promise<void>;
}

/**
 * Creates the policy. Rows come inline, or from the folder `files`. Results go into that folder, or
 * into the run's own folder in the store. Symbolic links are resolved before a path is checked.
 * Each owner has a subfolder of `files` with its name.
 */
export function createPathPolicy(
  store: Store,
  files: string | null,
  owner: string | null = null,
): PathPolicy {
  const open = files === null ? null : resolve(files, ...(owner === null ? [] : [owner]));
  const ownFolder = (key: string): string =>
    joinPlace(store.location, EXPORTS_FOLDER, safeName(key));

  const refuse = (where: string, path: string, allowed: string): RowmillError =>
    new RowmillError('path_refused', `"${path.slice(0, 200)}" is not open to pipelines`, {
      where,
      remedy: allowed,
    });

  return {
    baseDir: (key) => open ?? ownFolder(key),
    defaultResult: (key, name) => joinPlace(ownFolder(key), `${name}.jsonl`),
    check: async ({ rows, results, tables = [] }, key) => {
      const { source } = rows;
      if (source.type === 'stdin') {
        throw refuse(
          'rows.from',
          '-',
          'Send the rows inline: standard input is the gateway’s own.',
        );
      }
      if (source.type === 'postgres' || source.type === 'url') {
        // Variables and network are those of the operator.
        throw refuse('rows.from', source.type, 'Send the rows inline.');
      }
      if (source.type === 'file' && !(open !== null && (await isInside(open, source.path)))) {
        const there = open === null ? '' : ' or name a file under ROWMILL_GATEWAY_FILES';
        throw refuse('rows.from', source.path, `Send the rows inline${there}.`);
      }
      if (tables.length > 0) {
        // Its variables are those of the worker's operator.
        throw refuse('results', 'postgres', 'Leave it out: GET …/results gives the results.');
      }
      const targets = [ownFolder(key), ...(open === null ? [] : [open])];
      for (const [at, { to }] of results.entries()) {
        const inside = await Promise.all(targets.map((folder) => isWhollyInside(folder, to)));
        if (inside.includes(true)) continue;
        const remedy = `Leave \`results\` out (GET …/results gives them), or use a relative path.`;
        throw refuse(`results[${at}].to`, to, remedy);
      }
    },
  };
}

/** Checks the resolved path, not its spelling. */
async function isInside(folder: string, path: string): Promise<boolean> {
  if (!isPlace(path) || path.includes('\0')) return false;
  return isBelow(await realPlace(folder), await realPlace(path));
}

/** Checks the path and all companion files. */
async function isWhollyInside(folder: string, to: string): Promise<boolean> {
  if (!(await isInside(folder, to))) return false;
  const real = await realPlace(folder);
  const footprint = await realFootprint(to);
  return Object.values<string>({ ...footprint }).every((path) => isBelow(real, path));
}
