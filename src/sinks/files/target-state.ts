import { basename } from 'node:path';
import { z } from 'zod';
import { OUTCOMES } from '../../contract/outcome.ts';
import { CHANGE_KINDS, type ExistingResults } from '../../contract/results.ts';
import { realFootprint, type Footprint } from '../../paths/footprint.ts';
import { answered } from '../../rules/replacement.ts';
import type { RunKey } from '../../store/store.ts';
import { mapWriteErrors, sinkError } from '../port/sink-error.ts';
import { filesAt } from './files-at.ts';

const count = z.number();

/** Fields read from a manifest. */
const manifestShape = z.object({
  workflowId: z.string(),
  firstRunId: z.string().catch(''),
  owner: z.string().nullable().catch(null),
  pipeline: z.string(),
  outcome: z.enum(OUTCOMES),
  cells: z.object({ done: count, empty: count, failed: count, blocked: count, pending: count }),
  results: z.array(z.object({ path: z.string(), bytes: count })).catch([]),
  quarantine: z.object({ path: z.string() }).nullable().catch(null),
  changes: z.object({ path: z.string() }).nullable().catch(null),
});

/** Existing results at a target, by the manifest beside them. */
export interface TargetState {
  run: RunKey;
  /** Owner of that run; `null`: none, or not known. */
  owner: string | null;
  pipeline: string;
  /** `null` if the results that the manifest describes are no longer at the target. */
  results: ExistingResults | null;
  /** Size of those results by the manifest. */
  bytes: number;
  /** True if the manifest names the quarantine beside it. */
  hasQuarantine: boolean;
  /** True if the manifest names the changes beside it. */
  hasChanges: boolean;
}

const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/**
 * Reads the existing results at a target, named as in the pipeline; `null` without results of
 * rowmill. Throws `sink_unwritable` if the path has a file of another program, or results of
 * another pipeline.
 */
export async function readTargetState(
  to: string,
  place: Footprint,
  pipeline: string,
): Promise<TargetState | null> {
  const manifest = await mapWriteErrors(place.manifest, () => readManifest(place.manifest));
  await refuseForeign(place.quarantine, quarantineShape);
  await refuseForeign(place.changes, changeShape);
  if (manifest === null) return null;
  const file = manifest.results.find(
    ({ path }) => path === to || basename(path) === basename(place.results),
  );
  if (file === undefined && manifest.pipeline !== pipeline && manifest.results.length > 0) {
    const what = `the manifest beside it is that of pipeline ${manifest.pipeline.slice(0, 80)}`;
    throw sinkError(place.manifest, what);
  }
  const { workflowId, firstRunId, owner, outcome, cells, quarantine, changes } = manifest;
  const bytes = await mapWriteErrors(to, () => filesAt(place.results).size(place.results));
  const isThere = file !== undefined && bytes === file.bytes;
  return {
    run: { workflowId, firstRunId },
    owner,
    pipeline: manifest.pipeline,
    results: isThere ? { workflowId, outcome, answered: answered(cells) } : null,
    bytes: file?.bytes ?? 0,
    hasQuarantine: quarantine !== null && basename(quarantine.path) === basename(place.quarantine),
    hasChanges: changes !== null && basename(changes.path) === basename(place.changes),
  };
}

/**
 * Returns the run that published the file at a path, by the manifest beside it; `null` if no
 * manifest of rowmill names the file.
 */
export async function publisherOf(path: string): Promise<RunKey | null> {
  const place = await realFootprint(path);
  const manifest = await readManifest(place.manifest);
  const isNamed = manifest?.results.some(
    (file) => file.path === path || basename(file.path) === basename(place.results),
  );
  if (manifest === null || isNamed !== true) return null;
  const { workflowId, firstRunId } = manifest;
  return { workflowId, firstRunId };
}

/**
 * Checks whether the manifest belongs to this run. Throws `sink_unwritable` for a file of another
 * program.
 */
export async function isOf({ workflowId, firstRunId }: RunKey, path: string): Promise<boolean> {
  const there = await mapWriteErrors(path, () => readManifest(path));
  return there?.workflowId === workflowId && there.firstRunId === firstRunId;
}

async function readManifest(path: string): Promise<z.infer<typeof manifestShape> | null> {
  const files = filesAt(path);
  const bytes = await files.size(path);
  if (bytes === null) return null;
  const text = bytes > MAX_MANIFEST_BYTES ? '' : await files.text(path);
  const parsed = manifestShape.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw sinkError(path, 'a file is there that rowmill did not write; move it away');
}

const quarantineShape = z.object({
  key: z.string().nullable(),
  column: z.string().nullable(),
  status: z.string(),
});

const changeShape = z.object({ key: z.string(), change: z.enum(CHANGE_KINDS) });

/**
 * Rejects a companion of another program, by its first line; an interrupted publication leaves one
 * that no manifest names yet.
 */
async function refuseForeign(path: string, lineShape: z.ZodType): Promise<void> {
  const files = filesAt(path);
  if ((await mapWriteErrors(path, () => files.size(path))) === null) return;
  for await (const line of files.lines(path)) {
    if (lineShape.safeParse(jsonOf(line)).success) return;
    throw sinkError(path, 'a file is there that rowmill did not write; move it away');
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
