import { afterEach, expect, test } from '@jest/globals';
import { PageReader } from '../../activities/table/page-reader.ts';
import { closeServers, json, serve } from '../http/server.ts';
import { TINY } from '../providers/tiny/provider.ts';
import { TOKEN } from '../support/token.ts';

afterEach(closeServers);

/** An API that runs out of time over pages of more than so many rows; what it was asked for, in order. */
async function slowAbove(rows: number) {
  const asked: number[] = [];
  const server = await serve((res, request, nth) => {
    const most = Number(new URL(request.url, 'http://here').searchParams.get('most'));
    asked.push(most);
    const reply = most <= rows ? json({ rows: [], next: null, total: 0 }) : json({}, 408);
    reply(res, request, nth);
  });
  const provider = TINY.create({ token: TOKEN, baseUrl: server.url });
  const sleeps: number[] = [];
  const sleep = (ms: number) => Promise.resolve(void sleeps.push(ms));
  const table = { id: 't1', url: null, columns: [] };
  return { asked, sleeps, pages: new PageReader(provider, table, { ctx: {}, sleep }) };
}

test('pages that take too long are asked for with fewer rows, from the second time on', async () => {
  const { asked, sleeps, pages } = await slowAbove(30);
  expect((await pages.read(null)).next).toBe(null);
  expect(asked).toEqual([100, 100, 25]);
  expect(sleeps).toHaveLength(1);
  await pages.read('25');
  expect(asked).toEqual([100, 100, 25, 25]);
});

test('the error of a table whose single rows take too long says why', async () => {
  const { asked, pages } = await slowAbove(0);
  await expect(pages.read(null)).rejects.toMatchObject({ code: 'provider_timeout' });
  expect(asked).toEqual([100, 100, 25, 6, 1]);
});
