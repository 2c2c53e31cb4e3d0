import type { ReportFacts } from './facts.ts';
import { markup } from './markup.ts';
import { page } from './page.ts';
import {
  changesSection,
  columnsSection,
  expectationsSection,
  outcomeSection,
  passesSection,
  quarantineSection,
  repeatSection,
  runsSection,
  sampleSection,
  tilesSection,
  timeSection,
} from './sections.ts';

/** Maximum size of a report. */
const MAX_BYTES = 300_000;
/** Room that the sample always leaves for what is around it. */
const MARGIN_BYTES = 10_000;

/**
 * Renders the report of a run: one page of less than 300 KB, which runs no script and requests
 * nothing. The same facts give the same page.
 */
export function renderReport(facts: ReportFacts): string {
  const before = markup`${[
    outcomeSection(facts),
    tilesSection(facts),
    timeSection(facts),
    columnsSection(facts),
    passesSection(facts),
    runsSection(facts),
    quarantineSection(facts),
    expectationsSection(facts),
    changesSection(facts),
  ]}`;
  const after = repeatSection(facts);
  const around = page(facts.summary.workflowId, markup`${before}${after}`);
  const left = MAX_BYTES - MARGIN_BYTES - Buffer.byteLength(around);
  const content = markup`${before}${sampleSection(facts, left)}${after}`;
  return page(facts.summary.workflowId, content);
}
