import type { MissedNight, NeedDetails, Notification } from '../contract/notifications.ts';
import type { Need } from '../contract/notify.ts';
import type { RunSummary } from '../contract/run.ts';
import { formatCount, formatCredits, formatInteger } from '../text/numbers.ts';
import { shellQuote } from '../text/shell.ts';

/** Slack cuts off messages of more characters. */
const MAX_TEXT = 3_000;

/** Builds the body for an incoming webhook of Slack: figures, the link, the command to type. */
export function slackMessage(body: Notification, ui: string | null): { text: string } {
  const { headline, facts, command } = partsOf(body);
  const link = ui === null ? [] : [`<${ui}|Open in Temporal>`];
  const lines = [`*${plain(headline)}*`, ...facts.map(plain), ...link, codeOf(command)];
  return { text: lines.join('\n').slice(0, MAX_TEXT) };
}

interface Parts {
  headline: string;
  facts: string[];
  command: string;
}

function partsOf(body: Notification): Parts {
  switch (body.type) {
    case 'run.finished':
      return endOf(body.data);
    case 'schedule.missed-night':
      return missedOf(body.data);
    default:
      return needOf(body.type, body.data);
  }
}

const NEED_TEXT: Readonly<Record<Need, string>> = {
  'needs-approval': 'waits for an approval',
  'needs-credits': 'waits for credits',
  'needs-credentials': 'waits for a valid token',
  'needs-budget': 'waits for room in its day budget',
  stalled: 'does not move',
};

function needOf(type: `run.${Need}`, data: NeedDetails): Parts {
  const { workflowId, what, since, reminder, rows, cells, credits, deadline, command } = data;
  // Safe cast: the type of the body says which needs there are.
  const need = NEED_TEXT[type.slice('run.'.length) as Need];
  const again = reminder === 0 ? '' : ` (reminder ${formatInteger(reminder)}, since ${since})`;
  const missing =
    credits.missing === undefined
      ? ''
      : `, about ${formatInteger(credits.missing)} credits are missing`;
  const spent = `${formatCredits(credits.spent)} of about ${formatCredits(credits.estimated)} credits`;
  return {
    headline: `${workflowId} ${need}${again}`,
    facts: [
      what,
      `${formatCount(rows, 'row')}, ${formatInteger(cells.done)} of ${formatInteger(cells.total)} cells done, ${spent}${missing}`,
      `Deadline ${deadline}`,
    ],
    command,
  };
}

function endOf({ workflowId, outcome, reason, ...summary }: RunSummary): Parts {
  const { rows, cells, creditsSpent, results } = summary;
  const open = cells.failed + cells.blocked + cells.pending;
  const without = open === 0 ? '' : `, ${formatInteger(open)} without an answer`;
  const figures = `${formatCount(rows, 'row')}, ${formatInteger(cells.done + cells.empty)} cells done${without}, ${formatCredits(creditsSpent)} credits`;
  const verb = outcome === 'completed' ? 'results' : 'rerun';
  return {
    headline: `${workflowId} ${outcome}`,
    facts: [
      ...(reason === null ? [] : [reason]),
      figures,
      ...results.map(({ path }) => `Results ${path}`),
    ],
    command: `rowmill ${verb} ${shellQuote(workflowId)}`,
  };
}

function missedOf({ schedule, dueAt, why, workflowId, begunAt, command }: MissedNight): Parts {
  const facts =
    why === 'not started'
      ? ['No run has started for it.']
      : [`Its run ${workflowId ?? ''} waited for a worker until ${begunAt ?? 'now'}.`];
  const what = why === 'not started' ? 'was missed' : 'began late';
  return { headline: `The night of ${schedule} at ${dueAt} ${what}`, facts, command };
}

/** Escapes the characters that Slack reads as links and mentions. */
const plain = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const codeOf = (command: string): string => `\`${plain(command.replaceAll('`', "'"))}\``;
