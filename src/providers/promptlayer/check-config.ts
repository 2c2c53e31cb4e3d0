import type { Json, JsonObject } from '../../contract/json.ts';
import type { ColumnConfig } from '../../contract/pipeline.ts';
import { objectOf, textOf } from '../fields.ts';
import type { ColumnProblem } from '../provider-spec.ts';
import { checkPrompt, checkTemplate } from './check-prompt.ts';
import { isColumnType, type ColumnType } from './column-configs.ts';
import { typeOf } from './dependencies.ts';
import { LOOPED, REQUIRED, SOURCES, type Need } from './required-fields.ts';

type Path = ColumnProblem['path'];

/**
 * Checks that a config has the fields its type needs. Without them the API refuses the column, or
 * it fails in every row.
 */
export function checkConfig(config: ColumnConfig, index: number): ColumnProblem[] {
  const type = typeOf(config);
  const given = config['config'];
  // The shape reports a value that is not a mapping.
  if (!isColumnType(type) || (isGiven(given) && !isMapping(given))) return [];
  const path = [index, 'config'];
  const fields = objectOf(given);
  return [
    ...checkNeeds(REQUIRED[type] ?? [], fields, path, type),
    ...checkSources(type, fields, path),
    ...checkByType(type, fields, path),
  ];
}

const isMapping = (value: Json): boolean => typeof value === 'object' && !Array.isArray(value);

/** `null` and blank text are what a form sends for an empty field. */
const isGiven = (value: Json | undefined): value is Json =>
  value !== undefined && value !== null && value !== '';

function checkNeeds(
  needs: readonly Need[],
  fields: JsonObject,
  path: Path,
  who: string,
): ColumnProblem[] {
  return needs
    .filter((names) => !names.some((name) => isGiven(fields[name])))
    .map(([name, ...others]) => ({
      path: [...path, name],
      found: fields[name] === '' ? 'empty text' : 'missing',
      allowed: `${who} needs it${others.map((other) => `, or \`${other}\``).join('')}`,
    }));
}

function checkSources(type: ColumnType, fields: JsonObject, path: Path): ColumnProblem[] {
  const needed = SOURCES[type];
  const { sources } = fields;
  if (needed === undefined || !isGiven(sources)) return [];
  const at = [...path, 'sources'];
  if (!Array.isArray(sources)) {
    return [{ path: at, found: JSON.stringify(sources), allowed: 'a list of titles of columns' }];
  }
  const { max, unless } = needed;
  const min = unless !== undefined && isGiven(fields[unless]) ? 1 : needed.min;
  if (sources.length >= min && sources.length <= max) return [];
  const count = min === max ? `${min}` : max === Infinity ? `${min} or more` : `1 or ${max}`;
  const beside = unless === undefined || min === 1 ? '' : `, or one beside \`${unless}\``;
  const found = sources.length === 1 ? '1 column' : `${sources.length} columns`;
  return [{ path: at, found, allowed: `${count} columns${beside}` }];
}

function checkByType(type: ColumnType, fields: JsonObject, path: Path): ColumnProblem[] {
  switch (type) {
    case 'PROMPT_TEMPLATE':
      return checkPrompt(fields, path);
    case 'CONVERSATION_SIMULATOR':
      return checkTemplate(fields, path);
    case 'FOR_LOOP':
    case 'WHILE_LOOP':
      return [...checkRounds(type, fields, path), ...checkLooped(type, fields, path)];
    default:
      return [];
  }
}

function checkRounds(type: ColumnType, fields: JsonObject, path: Path): ColumnProblem[] {
  const both = isGiven(fields['iterator_source']) && isGiven(fields['max_iterations']);
  if (type !== 'FOR_LOOP' || !both) return [];
  const found = 'both `iterator_source` and `max_iterations`';
  return [{ path: [...path, 'max_iterations'], found, allowed: 'one of them' }];
}

function checkLooped(type: ColumnType, fields: JsonObject, path: Path): ColumnProblem[] {
  const loopType = fields['loop_type'];
  if (!isGiven(loopType)) return [];
  const name = LOOPED.get(textOf(loopType));
  const words = [...LOOPED.keys()];
  if (name === undefined) {
    const found = JSON.stringify(loopType);
    const allowed = `allowed: ${words.join(', ')}`;
    return [
      { path: [...path, 'loop_type'], found, allowed, word: textOf(loopType), candidates: words },
    ];
  }
  const looped = fields[name];
  if (!isGiven(looped)) return checkNeeds([[name]], fields, path, `${type} of this loop_type`);
  const inside = [...path, name];
  if (name === 'prompt_config') return checkPrompt(objectOf(looped), inside);
  return checkNeeds([['workflow_id', 'workflow_version_id']], objectOf(looped), inside, 'it');
}
