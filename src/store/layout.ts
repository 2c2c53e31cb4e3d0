import { RowmillError } from '../errors.ts';
import { safeName } from './safe-name.ts';
import type { PipelineKey, RunKey } from './store.ts';

/** Folders of a store, as their segments from its root. */
export const LAYOUT = {
  runs: 'runs',
  staged: 'staged',
  claims: 'claims',
  ledger: 'ledger',
  pipelines: 'pipelines',
  paces: 'paces',
} as const;

export const runFolder = ({ workflowId, firstRunId }: RunKey): string[] => [
  LAYOUT.runs,
  safeName(workflowId),
  safeName(firstRunId),
];

export const pipelineFolder = ({ pipeline, owner }: PipelineKey): string[] => [
  LAYOUT.pipelines,
  owner === null ? 'no-owner' : `owner~${safeName(`owner ${owner}`)}`,
  safeName(pipeline),
];

const DIGEST = /^(?:sha256:)?([0-9a-f]{64})$/;

/** @throws RowmillError `store_unreadable` for a text that is no digest */
export const stagedFolder = (digest: string, location: string): string[] => {
  const hex = DIGEST.exec(digest)?.[1];
  if (hex !== undefined) return [LAYOUT.staged, hex];
  throw new RowmillError('store_unreadable', `"${digest.slice(0, 80)}" is not a digest`, {
    where: location,
    remedy: 'Send the digest as `sha256:` and 64 hex digits.',
  });
};

/** Selects workflow ids with this prefix; only plain names can be read from the names of folders. */
export const workflowIdsIn = (folders: readonly string[], prefix: string): string[] =>
  folders.filter((name) => name.startsWith(prefix) && safeName(name) === name);
