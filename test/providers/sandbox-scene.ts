import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/index.ts';
import { createLimiter, type Limiter } from '../../src/http/limiter.ts';
import type { TableRef } from '../../src/contract/table.ts';
import type { Provider, TableRow } from '../../src/providers/provider.ts';

export interface Scene {
  sandbox: Sandbox;
  provider: Provider;
  /** Turns the sandbox's clock. */
  passMs: (ms: number) => void;
}

interface ProviderOptions {
  baseUrl: string;
  token: string;
  limiter: Limiter;
}

export interface Stage {
  /** A sandbox of its own, and the provider that talks to it; the clock stands still. */
  scene: (options?: Partial<SandboxOptions>, token?: string) => Promise<Scene>;
  /** Ends every sandbox. */
  clear: () => Promise<void>;
}

const TOKEN = 'sandbox-token-1';

/** Opens a stage on which a provider is tried on the sandbox, step by step. */
export function stageOf(create: (options: ProviderOptions) => Provider): Stage {
  const sandboxes: Sandbox[] = [];
  return {
    scene: async (options = {}, token = TOKEN) => {
      let nowMs = 0;
      const sandbox = await startSandbox({ token: TOKEN, realMs: () => nowMs, ...options });
      sandboxes.push(sandbox);
      const limiter = createLimiter({ ratePerSecond: 1000 });
      const provider = create({ baseUrl: sandbox.url, token, limiter });
      return { sandbox, provider, passMs: (ms) => (nowMs += ms) };
    },
    clear: async () => {
      await Promise.all(sandboxes.splice(0).map((sandbox) => sandbox.close()));
    },
  };
}

/** Every row, by all the pages. */
export async function readAll(provider: Provider, table: TableRef): Promise<TableRow[]> {
  const rows: TableRow[] = [];
  let cursor: string | null = null;
  do {
    const page = await provider.page(table, cursor, {});
    rows.push(...page.rows);
    cursor = page.next;
  } while (cursor !== null);
  return rows;
}
