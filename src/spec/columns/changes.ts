import { z } from 'zod';
import type { Json } from '../../contract/json.ts';
import type { ChangesPolicy } from '../../contract/pipeline.ts';
import type { IssueDraft } from '../document/issue-draft.ts';
import { valueAt } from '../document/translate.ts';
import { share } from '../fields/scalar-fields.ts';
import { namesInList, namesInMapping, unknownColumns } from './named.ts';

const TEXT = ['exact', 'normalised'] as const;

/** Schema of `changes` in the pipeline file. */
export const changesFile = z
  .strictObject({
    ignore: z
      .array(z.string().min(1))
      .max(500)
      .optional()
      .describe('Columns that are not compared.'),
    tolerance: z
      .record(z.string(), share)
      .optional()
      .describe('Column → share by which a number may differ and still be the same, like 5%.'),
    text: z
      .enum(TEXT)
      .optional()
      .describe('normalised: case, white space and punctuation make no difference. Default exact.'),
  })
  .describe('What counts as a change since the last publication.');

/** Schema of the same in the workflow's argument. */
export const changesInput = z.strictObject({
  ignore: z.array(z.string().min(1)).exactOptional(),
  tolerance: z.record(z.string(), z.number().min(0).max(1)).exactOptional(),
  text: z.enum(TEXT).exactOptional(),
});

/** Drops undefined fields, which would change a digest. */
export const changesOf = ({
  ignore,
  tolerance,
  text,
}: z.output<typeof changesFile>): ChangesPolicy => ({
  ...(ignore === undefined ? {} : { ignore }),
  ...(tolerance === undefined ? {} : { tolerance }),
  ...(text === undefined ? {} : { text }),
});

/** Finds columns that the table does not have. */
export const checkChanges = (value: Json, columns: readonly string[]): IssueDraft[] =>
  unknownColumns(
    [
      ...namesInList(valueAt(value, ['changes', 'ignore']), ['changes', 'ignore']),
      ...namesInMapping(valueAt(value, ['changes', 'tolerance']), ['changes', 'tolerance']),
    ],
    columns,
  );
