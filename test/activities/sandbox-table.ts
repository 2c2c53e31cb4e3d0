import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/index.ts';
import type { TableRef } from '../../src/contract/table.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { createProviders, type Providers } from '../../src/providers/registry.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import type { Folder, Store } from '../../src/store/store.ts';
import { allEnv } from '../support/providers/cases.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';
import { TOKEN } from '../support/token.ts';

export const KEY = { workflowId: 'w', firstRunId: 'r' };

/** New table of a sandbox, and what an activity needs for it. */
export interface SandboxTable {
  sandbox: Sandbox;
  provider: Provider;
  table: TableRef;
  /** Files of the run `KEY`. */
  folder: Folder;
  /** Column that the rows fill. */
  column: string;
  deps: { providers: Providers; store: Store; searchAttributes: false; commitWaitFactor: number };
}

/** @param closing Receives what closes sandbox and store */
export async function openSandboxTable(
  one: ProviderCase,
  options: Omit<SandboxOptions, 'token'>,
  closing: (() => Promise<void>)[],
): Promise<SandboxTable> {
  const root = await mkdtemp(join(tmpdir(), 'rowmill-table-'));
  const sandbox = await startSandbox({ token: TOKEN, ...options });
  closing.push(
    () => rm(root, { recursive: true }),
    () => sandbox.close(),
  );
  const env = { ...allEnv(sandbox.url), ROWMILL_REQUESTS_PER_SECOND: '1000' };
  const providers = createProviders(env);
  const provider = providers.get(one.name);
  const spec = { tags: [], ...one.tables.one, columns: [...one.tables.one.columns] };
  const made = await provider.createTable(spec, 'A table', 'tag', {});
  const table = await provider.ensureColumns(made, spec, {});
  const store = createFileStore(root);
  const [column = ''] = Object.keys(one.map);
  const deps = { providers, store, searchAttributes: false, commitWaitFactor: 0.01 } as const;
  return { sandbox, provider, table, folder: store.run(KEY), column, deps };
}
