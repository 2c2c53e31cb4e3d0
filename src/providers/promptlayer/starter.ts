import type { JsonObject } from '../../contract/json.ts';
import { uniqueName, type StarterPlan, type StarterTable } from '../starter.ts';
import { TEXT } from './column-configs.ts';
import { KEY_TITLE } from './columns.ts';

/** Proposes a text column for the input, and a prompt for each question. */
export function starter({ input, columns }: StarterPlan): StarterTable {
  const taken = new Set<string>([KEY_TITLE]);
  const next = (title: string, number: number): string => `${title} ${number}`;
  const subject = uniqueName(input.slice(0, 200), taken, next);
  const asked = columns.map(({ name, ask }): JsonObject => ({
    title: uniqueName(name, taken, next),
    type: 'PROMPT_TEMPLATE',
    config: {
      inline_template: {
        inline: true,
        metadata: { model: { provider: 'openai', name: 'gpt-4o-mini' } },
        prompt_template: {
          type: 'completion',
          content: [{ type: 'text', text: ask('{subject}') }],
        },
      },
      prompt_template_variable_mappings: { subject },
    },
  }));
  return {
    table: { columns: [{ title: subject, type: TEXT }, ...asked] },
    map: { [subject]: input },
  };
}
