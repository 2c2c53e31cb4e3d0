import type { JsonObject } from '../../contract/json.ts';
import { uniqueName, type StarterPlan, type StarterTable } from '../starter.ts';
import { automaticColumns, DEFAULT_KIND } from './dependencies.ts';

const GENERIC = 'generic';
const SUBJECT = 'subject';

/** Proposes a company table, or one with an input column for anything else. */
export function starter({ input, companies, columns }: StarterPlan): StarterTable {
  const kind = companies ? DEFAULT_KIND : GENERIC;
  const taken = new Set([...automaticColumns(kind).map(({ key }) => key), SUBJECT]);
  const subject = companies ? '{company_name}' : `{${SUBJECT}}`;
  const asked = columns.map(({ name, ask, type }): JsonObject => ({
    kind: 'agent',
    key: uniqueName(keyFor(name), taken, (key, number) => `${key}_${number}`),
    name,
    value: { agent_type: 'research_pro', prompt: ask(subject), output_format: type },
  }));
  return companies
    ? { table: { kind, columns: asked }, map: { input } }
    : {
        table: { kind, columns: [{ kind: 'input', key: SUBJECT, name: input }, ...asked] },
        map: { [SUBJECT]: input },
      };
}

/** Derives a column key, `What they do` → `what_they_do`. */
function keyFor(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+/, '')
    .slice(0, 50)
    .replace(/_$/, '');
  return plain === '' ? 'answer' : plain;
}
