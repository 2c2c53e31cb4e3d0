import { z } from 'zod';
import type { Json } from '../../contract/json.ts';
import { ANSWER_TYPES } from '../../contract/pipeline.ts';
import type { IssueDraft } from '../document/issue-draft.ts';
import { valueAt } from '../document/translate.ts';
import { namesInMapping, unknownColumns } from './named.ts';

/** Schema of `types` in the pipeline file, and in the workflow's argument. */
export const typesFile = z
  .record(z.string(), z.enum(ANSWER_TYPES))
  .describe('Types of answers by column, in place of those that the column configs say.');

/** Finds names that are no column with answers. */
export const checkTypes = (value: Json, columns: readonly string[]): IssueDraft[] =>
  unknownColumns(namesInMapping(valueAt(value, ['types']), ['types']), columns);
