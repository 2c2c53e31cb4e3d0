import type { Json } from '../../contract/json.ts';
import type { ColumnConfig } from '../../contract/pipeline.ts';
import type { ColumnProblem } from '../provider-spec.ts';
import { objectOf, typeOf } from './dependencies.ts';

const MAPPED = 'prompt_template_variable_mappings';

/** The prompt of a column, and its variables: one that is not filled would be asked, and paid, so. */
export function checkPrompt(config: ColumnConfig, index: number): ColumnProblem[] {
  if (typeOf(config) !== 'PROMPT_TEMPLATE') return [];
  const fields = objectOf(config['config']);
  const path = 'config' in config ? [index, 'config'] : [index];
  const count = ['template', 'inline_template'].filter((name) => name in fields).length;
  if (count !== 1) {
    const found = count === 0 ? 'no prompt' : 'both `template` and `inline_template`';
    return [{ path, found, allowed: 'exactly one of config.template and config.inline_template' }];
  }
  if (!(MAPPED in fields)) {
    const found = `no \`${MAPPED}\``;
    const allowed = 'it, with a column for each variable of the prompt (`{}` for none)';
    return [{ path, found, allowed }];
  }
  const variables = Object.keys(objectOf(fields[MAPPED]));
  return variablesIn(fields['inline_template'] ?? null)
    .filter(({ name }) => !variables.includes(name))
    .map(({ name, at }) => ({
      path: [...path, 'inline_template', ...at],
      ...{ found: `{${name}} is mapped to no column`, within: `{${name}}` },
      allowed: `a variable of \`${MAPPED}\`: ${variables.join(', ') || 'there is none'}`,
      ...{ word: name, candidates: variables },
    }));
}

interface Variable {
  name: string;
  at: (string | number)[];
}

/** Of the texts of a template; those in Jinja have variables of their own, and are left alone. */
function variablesIn(value: Json): Variable[] {
  if (Array.isArray(value)) return value.flatMap((one, at) => below(at, one));
  const fields = objectOf(value);
  if (fields['template_format'] === 'jinja2') return [];
  return Object.entries(fields).flatMap(([key, one]) => {
    if (typeof one !== 'string') return below(key, one);
    if (key !== 'text' && key !== 'content') return [];
    const names = [...one.matchAll(/(?<!\{)\{([A-Za-z_]\w*)\}(?!\})/g)].map(
      ([, name = '']) => name,
    );
    return [...new Set(names)].map((name) => ({ name, at: [key] }));
  });
}

const below = (key: string | number, value: Json): Variable[] =>
  variablesIn(value).map(({ name, at }) => ({ name, at: [key, ...at] }));
