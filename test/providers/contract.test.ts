import { startSandbox } from '../../sandbox/index.ts';
import type { ColumnConfig } from '../../src/contract/pipeline.ts';
import { PROVIDERS, type ProviderEntry } from '../../src/providers/registry.ts';
import { CONTRACT_TOKEN, contractOf, type Candidate, type Served } from './contract.ts';
import { TINY } from './tiny/provider.ts';
import { serveTiny } from './tiny/server.ts';

const agent = (key: string, prompt: string): ColumnConfig => ({
  kind: 'agent',
  key,
  name: key,
  value: { agent_type: 'llm', prompt, output_format: 'text' },
});

const prompt = (title: string, text: string, reads: string): ColumnConfig => ({
  title,
  type: 'PROMPT_TEMPLATE',
  config: {
    inline_template: {
      prompt_template: { type: 'completion', content: [{ type: 'text', text }] },
    },
    prompt_template_variable_mappings: { it: reads },
  },
});

async function serveSandbox({ firstTryFails }: { firstTryFails: boolean }): Promise<Served> {
  let nowMs = 0;
  const rates = { failRate: firstTryFails ? 1 : 0, hopelessRate: 0 };
  const sandbox = await startSandbox({ token: CONTRACT_TOKEN, realMs: () => nowMs, ...rates });
  return { url: sandbox.url, passMs: (ms) => void (nowMs += ms), close: () => sandbox.close() };
}

const HOW: Record<string, Pick<Candidate, 'table' | 'input' | 'serve'>> = {
  extruct: {
    table: {
      kind: 'company',
      tags: [],
      columns: [
        agent('sector', 'Which GICS sector is {company_name} in?'),
        agent('pitch', 'Write a pitch for a {sector} company'),
      ],
    },
    input: (nth) => ({ input: `Company ${nth}` }),
    serve: serveSandbox,
  },
  promptlayer: {
    table: {
      tags: [],
      columns: [
        { title: 'Company', type: 'TEXT' },
        prompt('Sector', 'Which GICS sector is {it} in?', 'Company'),
        prompt('Pitch', 'Write a pitch for a {it} company', 'Sector'),
      ],
    },
    input: (nth) => ({ Company: `Company ${nth}` }),
    serve: serveSandbox,
  },
  tiny: {
    table: { tags: [], columns: [{ key: 'sector' }, { key: 'pitch', reads: 'sector' }] },
    input: (nth) => ({ name: `Company ${nth}` }),
    serve: serveTiny,
  },
};

// Whoever is in the registry is tried: another provider is another entry of `HOW`.
for (const entry of [...PROVIDERS, TINY]) contractOf(entry.spec.name, candidateOf(entry));

function candidateOf(entry: ProviderEntry): Candidate {
  const how = HOW[entry.spec.name];
  if (how === undefined) throw new Error(`how is ${entry.spec.name} to be tried?`);
  return { entry, ...how };
}
