import { COLUMNS } from '../cases.ts';
import { bareApi } from '../naive/api.ts';
import { naiveRun } from '../naive/script.ts';
import type { LoopSettings } from './peers.ts';

/** The bare loop in a process of its own; ends with 1 and the error in one line where a request fails. */
const [, , given = '{}'] = process.argv;
// Given by bareLoop in this shape.
const { apiUrl, token, rows, file } = JSON.parse(given) as LoopSettings;
try {
  await naiveRun(bareApi(apiUrl, token), { rows, columns: COLUMNS, file });
} catch (error) {
  console.log(String(error));
  process.exitCode = 1;
}
