import type { Json, JsonObject } from '../../contract/json.ts';
import { objectOf, textOf } from '../fields.ts';
import type { ColumnProblem } from '../provider-spec.ts';

const MAPPED = 'prompt_template_variable_mappings';

type Path = ColumnProblem['path'];

/**
 * Checks a prompt, of a column or of a loop's body, and its variables. An unfilled variable would
 * be sent and paid.
 */
export function checkPrompt(fields: JsonObject, path: Path): ColumnProblem[] {
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
  const mapped = new Set(variables);
  const allowed = `a variable of \`${MAPPED}\`: ${variables.join(', ') || 'there is none'}`;
  const unmapped = variablesIn(fields['inline_template'] ?? null)
    .filter(({ name }) => !mapped.has(name))
    .map(({ name, written, at }) => ({
      path: [...path, 'inline_template', ...at],
      found: `${written} is mapped to no column`,
      within: written,
      allowed,
      word: name,
      candidates: variables,
    }));
  return [...checkTemplate(fields, path), ...checkInline(fields, path), ...unmapped];
}

/** Checks a prompt of the registry. */
export function checkTemplate({ template }: JsonObject, path: Path): ColumnProblem[] {
  if (template === undefined) return [];
  const { name, id } = objectOf(template);
  if (textOf(name) !== '' || typeof id === 'number' || textOf(id) !== '') return [];
  const allowed = 'the name of a prompt in the registry, or its `id`';
  return [{ path: [...path, 'template', 'name'], found: 'missing', allowed }];
}

function checkInline({ inline_template: template }: JsonObject, path: Path): ColumnProblem[] {
  if (template === undefined) return [];
  const { inline, prompt_template: prompt } = objectOf(template);
  const at = [...path, 'inline_template'];
  const problems: ColumnProblem[] = [];
  if (inline !== true) {
    const found = inline === undefined ? 'missing' : JSON.stringify(inline);
    problems.push({ path: [...at, 'inline'], found, allowed: 'true' });
  }
  if (Object.keys(objectOf(prompt)).length === 0) {
    const allowed = 'the prompt: an inline_template needs it';
    problems.push({ path: [...at, 'prompt_template'], found: 'missing', allowed });
  }
  return problems;
}

interface Variable {
  name: string;
  /** Variable as written in the prompt. */
  written: string;
}

/** Variable readers by `template_format`; prompts in other formats are not checked. */
const READERS: ReadonlyMap<string, (text: string) => Variable[]> = new Map([
  ['f-string', variablesOfFString],
  ['jinja2', variablesOfJinja],
]);

/** Finds the variables in every text of a template, each once per text. */
function variablesIn(
  value: Json,
  before = 'f-string',
  at: (string | number)[] = [],
): (Variable & { at: (string | number)[] })[] {
  if (Array.isArray(value)) {
    return value.flatMap((one, index) => variablesIn(one, before, [...at, index]));
  }
  const fields = objectOf(value);
  const { template_format: named } = fields;
  const format = typeof named === 'string' ? named : before;
  return Object.entries(fields).flatMap(([key, one]) => {
    if (typeof one !== 'string') return variablesIn(one, format, [...at, key]);
    if (key !== 'text' && key !== 'content') return [];
    const found = READERS.get(format)?.(one) ?? [];
    const byName = new Map(found.map((variable) => [variable.name, variable]));
    return [...byName.values()].map((variable) => ({ ...variable, at: [...at, key] }));
  });
}

function variablesOfFString(text: string): Variable[] {
  const found = text.matchAll(/(?<!\{)\{([A-Za-z_]\w*)\}(?!\})/g);
  return Array.from(found, ([written, name = '']) => ({ name, written }));
}

/** Names that are built into Jinja expressions. */
const JINJA_NAMES: readonly string[] = [
  ...['true', 'True', 'false', 'False', 'none', 'None', 'self', 'loop', 'caller', 'varargs'],
  ...['kwargs', 'range', 'dict', 'lipsum', 'cycler', 'joiner', 'namespace'],
];

/**
 * Finds names that stand alone in texts without statements. A filter may replace a missing value, a
 * statement may set a name, and comments are ignored.
 */
function variablesOfJinja(text: string): Variable[] {
  if (text.includes('{%')) return [];
  return expressionsIn(text)
    .map((written) => {
      const name = /^\{\{[-+]?\s*([A-Za-z_]\w*)\s*[-+]?\}\}$/.exec(written)?.[1] ?? '';
      return { name, written };
    })
    .filter(({ name }) => name !== '' && !JINJA_NAMES.includes(name));
}

/**
 * Finds `{{ … }}` outside comments. Hand-written: a regular expression would search to the end from
 * each opening.
 */
function expressionsIn(text: string): string[] {
  const found: string[] = [];
  const begins = /\{[#{]/g;
  const last = { '{#': text.lastIndexOf('#}'), '{{': text.lastIndexOf('}}') };
  for (let next = begins.exec(text); next !== null; next = begins.exec(text)) {
    const { index } = next;
    const isComment = next[0] === '{#';
    // An unclosed opening is plain text.
    if (last[isComment ? '{#' : '{{'] < index + 2) {
      begins.lastIndex = index + 1;
      continue;
    }
    const end = text.indexOf(isComment ? '#}' : '}}', index + 2) + 2;
    if (!isComment) found.push(text.slice(index, end));
    begins.lastIndex = end;
  }
  return found;
}
