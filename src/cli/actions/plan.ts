import { Rowmill } from '../../client/rowmill.ts';
import type { EstimatedNight } from '../../client/pipelines/estimate.ts';
import { EXIT, RowmillError } from '../../errors.ts';
import type { Cli } from '../io/context.ts';
import { formatCount, formatInteger } from '../io/format.ts';
import { nightText } from '../io/night.ts';
import { printWarnings } from '../io/rows-report.ts';
import { textTable } from '../io/table.ts';

export interface PlanFlags {
  rows?: string;
  json?: true;
}

/** Column that differs between a file and its lasting table. */
interface ColumnStep {
  change: 'new' | 'changed' | 'left';
  column: string;
  /** Cells that the next run asks for because of it. */
  cells: number;
}

/** Shows what `rowmill apply` would change, and what the run would ask for. */
export async function plan(cli: Cli, file: string, flags: PlanFlags): Promise<void> {
  const { pipeline, estimate, warnings } = await Rowmill.check({
    pipeline: file,
    env: cli.env,
    night: { apply: true },
    ...(flags.rows === undefined ? {} : { rows: flags.rows }),
  });
  if (pipeline.table.keep !== true) {
    throw new RowmillError('usage', 'each run of the pipeline makes a table of its own', {
      where: file,
      remedy: 'Nothing is kept between runs: see `rowmill check FILE`, or set `table.keep: true`.',
    });
  }
  printWarnings(cli, warnings);
  const { night = null, credits, cells } = estimate;
  const columns = night === null ? [] : stepsOf(night);
  const hasToDo = columns.length > 0;
  if (flags.json === true) cli.json({ columns, cells, credits, night });
  else cli.print(text(pipeline.name, night, columns, { cells, credits }));
  if (hasToDo) cli.exitWith(EXIT.usage);
}

function stepsOf({ columnsNew, columnsChanged, columnsLeft, due }: EstimatedNight): ColumnStep[] {
  const cellsIn = (reason: 'new' | 'changed', column: string): number => due[reason]?.[column] ?? 0;
  return [
    ...columnsNew.map((column) => ({
      change: 'new' as const,
      column,
      cells: cellsIn('new', column),
    })),
    ...columnsChanged.map((column) => ({
      change: 'changed' as const,
      column,
      cells: cellsIn('changed', column),
    })),
    ...columnsLeft.map((column) => ({ change: 'left' as const, column, cells: 0 })),
  ];
}

const MEANING = {
  new: 'is added',
  changed: 'gets the config of the file',
  left: 'stays in the table, and is not asked for',
} as const;

function text(
  name: string,
  night: EstimatedNight | null,
  columns: readonly ColumnStep[],
  { cells, credits }: { cells: number; credits: number },
): string {
  const price = `about ${formatCount(credits, 'credit')} for ${formatCount(cells, 'cell')}`;
  if (night === null) return `${name} has no table yet: the first run makes it, ${price}`;
  const head = `${name}: ${nightText(night)}, ${price}`;
  if (columns.length === 0) return `${head}\nThe table has the columns of the file.`;
  const table = textTable(
    [{ title: 'column' }, { title: 'what' }, { title: 'cells' }],
    columns.map(({ change, column, cells: due }) => [column, MEANING[change], formatInteger(due)]),
  );
  return [head, '', table].join('\n');
}
