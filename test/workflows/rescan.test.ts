import { expect, test } from '@jest/globals';
import type { Intercept } from '../../sandbox/index.ts';
import { pipelineInputFor, startTestEnv, executeRun } from '../support/test-env.ts';
import { expectInvariants } from '../support/invariants/index.ts';
import { companies, wantedRows } from '../support/providers/cases.ts';
import { promptlayer } from '../support/providers/promptlayer.ts';

/** Three pages, with the blank row. */
const ROWS = companies(220);

interface Page {
  version: number;
  data: unknown[];
  pagination: { next_cursor: string | null };
}

/** Changes to the second page of results, made once. */
const TROUBLES: Record<string, (page: Page, cursor: string) => unknown> = {
  'the version of the table changes between two pages': (page) => ({
    ...page,
    version: page.version + 1,
  }),
  // Followed, it would come for ever where the page has no rows.
  'a cursor comes twice': (page, cursor) => ({
    ...page,
    data: [],
    pagination: { ...page.pagination, next_cursor: cursor, has_more: true },
  }),
};

test.concurrent.each(Object.entries(TROUBLES))(
  'PromptLayer: after %s, the results are read again from the first page',
  async (_what, spoil) => {
    const walks: string[][] = [];
    const intercept: Intercept = ({ phase, method, route, url, reply }) => {
      const query = new URL(url, 'http://sandbox').searchParams;
      if (method !== 'GET' || !route.endsWith('/rows') || query.get('limit') !== '100') return;
      const cursor = query.get('cursor');
      if (phase === 'before' && cursor === null) walks.push([]);
      if (phase === 'before') walks.at(-1)?.push(cursor ?? 'first');
      if (reply === null || walks.length > 1 || cursor === null || walks[0]?.length !== 2) return;
      // What the sandbox answers.
      const page = JSON.parse(reply.body) as Page;
      return { do: 'reply', ...reply, body: JSON.stringify(spoil(page, cursor)) };
    };
    const testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0, intercept } });
    try {
      const workflowId = `again-${testEnv.taskQueue}`;
      const input = await pipelineInputFor(testEnv, ROWS, {}, promptlayer);
      const ended = await executeRun(testEnv, workflowId, input);
      expect(ended).toMatchObject({ outcome: 'completed', cells: { done: ROWS.length } });
      expect(walks.map((walk) => walk[0])).toEqual(['first', 'first']);
      expect(walks[1]).toHaveLength(3);
      const wanted = wantedRows(promptlayer, ROWS);
      await expectInvariants(testEnv, { workflowId, pipeline: input.pipeline, wanted, ended });
    } finally {
      await testEnv.close();
    }
  },
);
