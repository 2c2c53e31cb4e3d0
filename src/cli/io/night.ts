import type { EstimatedNight } from '../../client/pipelines/estimate.ts';
import type { AskReason } from '../../contract/ask-reasons.ts';
import type { IncrementalSummary } from '../../contract/run.ts';
import { askedByReason } from '../../rules/cells/cell-set.ts';
import { formatCount, formatInteger } from './format.ts';

/** Formats what the next run on a lasting table would ask for, in one line. */
export function nightText(night: EstimatedNight): string {
  const { rowsNew, rowsChanged, rowsVanished, due, kept, creditsOfAll } = night;
  const rows = [
    formatCount(rowsNew, 'new row'),
    `${formatInteger(rowsChanged)} changed`,
    ...(rowsVanished === 0 ? [] : [`${formatInteger(rowsVanished)} gone`]),
  ];
  const cells = dueTexts(askedByReason(due)).concat(`${formatInteger(kept)} kept`);
  return `${[...rows, ...cells].join(', ')} (all: ${formatInteger(creditsOfAll)} credits)`;
}

/** Formats the night of a run that has ended. */
export function incrementalText({
  rowsNew,
  rowsChanged,
  rowsVanished,
  due,
  kept,
}: IncrementalSummary): string {
  const rows = `${formatCount(rowsNew, 'new row')}, ${formatInteger(rowsChanged)} changed, ${formatInteger(rowsVanished)} gone`;
  return [rows, ...dueTexts(due), `${formatInteger(kept)} kept`].join(', ');
}

const BY: Record<AskReason, string> = {
  new: 'new',
  changed: 'due by change',
  age: 'due by age',
  failed: 'without an answer',
  all: 'asked for again',
};

function dueTexts(due: Partial<Record<AskReason, number>>): string[] {
  const reasons: AskReason[] = ['new', 'changed', 'age', 'failed', 'all'];
  return reasons.flatMap((reason) => {
    const cells = due[reason] ?? 0;
    return cells === 0 ? [] : [`${formatCount(cells, 'cell')} ${BY[reason]}`];
  });
}
