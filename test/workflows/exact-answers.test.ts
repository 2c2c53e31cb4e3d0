import { afterAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Json } from '../../src/contract/json.ts';
import type { ResultRow } from '../../src/contract/results.ts';
import { createProviders } from '../../src/providers/registry.ts';
import { closeServers, serve } from '../http/server.ts';
import { passOn } from '../providers/wire.ts';
import { pipelineInputFor, startTestEnv, executeRun } from '../support/test-env.ts';
import { allEnv, CASES, companies } from '../support/providers/cases.ts';

afterAll(closeServers);

/** Answers of an API in its JSON, each with the expected result. */
const ANSWERS: [string, Json][] = [
  ['12345678901234567890', '12345678901234567890'],
  ['9007199254740993', '9007199254740993'],
  ['{"id":1234567890123456789}', { id: '1234567890123456789' }],
  ['1e400', '1e400'],
  ['1.5', 1.5],
  [String.raw`"Great \ud83d"`, 'Great \uFFFD'],
];

/** Pattern of the sandbox's answers in the replies of either API. */
const ANSWER = /"(answer|value)":"Example Industries sector \d+"/g;

test.each(CASES.map((one) => [one.name, one] as const))(
  '%s: answers come out with every digit',
  async (_provider, one) => {
    let target = '';
    const proxy = await serve((res, received) => {
      void passOn(target, received).then(async (reply) => {
        const text = await reply.text();
        res.writeHead(reply.status, { 'content-type': 'application/json' }).end(answered(text));
      });
    });
    const testEnv = await startTestEnv({
      providers: (url) => {
        target = url;
        return createProviders(allEnv(proxy.url));
      },
      sandbox: { failRate: 0, alwaysFailsRate: 0 },
    });
    try {
      const results = { results: [{ to: 'out/results.jsonl' }, { to: 'out/results.csv' }] };
      const input = await pipelineInputFor(testEnv, companies(ANSWERS.length), results, one);
      const summary = await executeRun(testEnv, `exact-${one.name}`, input);
      expect(summary.outcome).toBe('completed');
      const [jsonl = '', csv = ''] = await Promise.all(
        summary.results.map(({ path }) => readFile(path, 'utf8')),
      );
      const rows = jsonl
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as ResultRow);
      const values = rows.flatMap(({ cells }) => Object.values(cells).map(({ value }) => value));
      expect(values).toEqual(ANSWERS.map(([, value]) => value));
      expect(jsonl).not.toMatch(/\\ud[89a-f]/i);
      for (const [text] of ANSWERS.slice(0, 2)) expect(csv).toContain(text);
    } finally {
      await testEnv.close();
    }
  },
);

/** Replaces one answer after the other, in the order of the rows. */
function answered(text: string): string {
  let row = 0;
  return text.replace(ANSWER, (_all, field: string) => {
    const [answer = ''] = ANSWERS[row % ANSWERS.length] ?? [];
    row += 1;
    return `"${field}":${answer}`;
  });
}
