import { startSandbox } from '../../sandbox/index.ts';
import { PROVIDER_ENTRIES, type ProviderEntry } from '../../src/providers/registry.ts';
import { CASES } from '../support/providers/cases.ts';
import type { ProviderCase } from '../support/providers/provider-case.ts';
import { CONTRACT_TOKEN, contractOf, type Candidate, type Served } from './contract.ts';
import { TINY } from './tiny/provider.ts';
import { serveTiny } from './tiny/server.ts';

async function serveSandbox({ firstTryFails }: { firstTryFails: boolean }): Promise<Served> {
  let nowMs = 0;
  const rates = { failRate: firstTryFails ? 1 : 0, alwaysFailsRate: 0 };
  const sandbox = await startSandbox({ token: CONTRACT_TOKEN, realMs: () => nowMs, ...rates });
  return { url: sandbox.url, passMs: (ms) => void (nowMs += ms), close: () => sandbox.close() };
}

const HOW: Record<string, Omit<Candidate, 'entry'>> = {
  ...Object.fromEntries(CASES.map((one) => [one.name, onSandbox(one)])),
  tiny: {
    table: { tags: [], columns: [{ key: 'sector' }, { key: 'pitch', reads: 'sector' }] },
    input: (nth) => ({ name: `Company ${nth}` }),
    serve: serveTiny,
  },
};

function onSandbox({ tables: { chain }, map, reworded }: ProviderCase): Omit<Candidate, 'entry'> {
  const table = { tags: [], ...chain, columns: [...chain.columns] };
  const columns = [...chain.columns.slice(0, -1), reworded.column];
  return {
    table,
    changed: { table: { ...table, columns }, key: reworded.key, fields: reworded.fields },
    input: (nth) => Object.fromEntries(Object.keys(map).map((to) => [to, `Company ${nth}`])),
    serve: serveSandbox,
  };
}

// Every provider of the registry is a case.
for (const entry of [...PROVIDER_ENTRIES, TINY]) contractOf(entry.spec.name, candidateOf(entry));

function candidateOf(entry: ProviderEntry): Candidate {
  const how = HOW[entry.spec.name];
  if (how === undefined) throw new Error(`how is ${entry.spec.name} to be tried?`);
  return { entry, ...how };
}
