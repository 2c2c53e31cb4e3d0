import { describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { ROWS, TOKEN } from './caller.ts';
import { openForTests } from './opened.ts';
import { SECTOR } from '../support/test-env.ts';

/** A browser is no package of the project: without one its test is skipped. */
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const inBrowser = existsSync(CHROMIUM) ? describe : describe.skip;

const BILLING = 'token-of-billing-1f0a9c77';
const STARTER = 'token-without-read-1f0a9c';

const opened = openForTests(async ({ folder }) => {
  const file = join(folder, 'tokens');
  await writeFile(file, `${BILLING} owner=billing\n${STARTER} scopes=start\n`);
  return { ROWMILL_GATEWAY_TOKENS_FILE: file };
});

/** Asks as a browser does: without a header of its own. */
const browse = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`${opened.caller.gateway.url}${path}`, { redirect: 'manual', ...init, headers });

const signIn = (token: string, origin = new URL(opened.caller.gateway.url).origin) =>
  browse(
    '/session',
    { origin, 'content-type': 'application/x-www-form-urlencoded' },
    { method: 'POST', body: new URLSearchParams({ token }).toString() },
  );

async function endedRun(key: string): Promise<string> {
  const { caller } = opened;
  const pipeline = {
    name: 'leads',
    provider: 'extruct',
    table: { kind: 'company', columns: [SECTOR] },
    rows: { inline: ROWS, key: 'Symbol', map: { input: 'Security' } },
    run: { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '20s', deadline: '10m' },
  };
  const { json } = await caller.start(key, { pipeline });
  const id = String(json['id']);
  await caller.ended(id);
  return id;
}

test('without a token the list is only a form to sign in', async () => {
  const reply = await browse('/');
  expect(reply.status).toBe(401);
  expect(reply.headers.get('content-security-policy')).toContain("form-action 'self'");
  const page = await reply.text();
  expect(page).toContain('<input type="password" name="token"');
  expect(page).not.toContain('<script');
});

test('a token that is signed in with comes back as a cookie that no script reads', async () => {
  const reply = await signIn(TOKEN);
  expect([reply.status, reply.headers.get('location')]).toEqual([303, '/']);
  const set = reply.headers.get('set-cookie') ?? '';
  expect(set).toMatch(/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
  const cookie = set.split(';')[0] ?? '';
  const list = await browse('/', { cookie });
  expect(list.status).toBe(200);
  // The cookie opens pages, and nothing that a backend asks for or that changes anything.
  expect((await browse('/v1/runs', { cookie })).status).toBe(401);
  const act = await browse('/v1/runs/x/cancel', { cookie }, { method: 'POST' });
  expect(act.status).toBe(401);
});

test('a wrong token and a form of another site are refused', async () => {
  const wrong = await signIn('not-a-token-of-this-gateway');
  expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([401, null]);
  expect(await wrong.text()).toContain('This is no token of the gateway.');
  const other = await signIn(TOKEN, 'https://evil.example');
  expect([other.status, other.headers.get('set-cookie')]).toEqual([403, null]);
});

test('the list page shows a caller only what its token covers', async () => {
  const id = await endedRun('pages-1');
  const seenBy = async (token: string) => {
    const reply = await browse('/', { authorization: `Bearer ${token}` });
    return { status: reply.status, text: await reply.text() };
  };
  const all = await seenBy(TOKEN);
  expect(all.text).toContain(`<a href="/v1/runs/${encodeURIComponent(id)}/report">report</a>`);
  expect((await seenBy(BILLING)).text).not.toContain(id);
  expect((await seenBy(STARTER)).status).toBe(403);
});

inBrowser('in a browser', () => {
  test('a person opens a report in a browser after signing in', async () => {
    const id = await endedRun('pages-2');
    const { url } = opened.caller.gateway;
    const profile = await mkdtemp(join(tmpdir(), 'rowmill-pages-'));
    const browser = await puppeteer.launch({
      executablePath: CHROMIUM,
      headless: 'shell',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      userDataDir: profile,
    });
    try {
      const page = await browser.newPage();
      await page.goto(url);
      await page.type('input[name=token]', TOKEN);
      await Promise.all([page.waitForNavigation(), page.click('button')]);
      expect(await page.title()).toBe('Runs');
      const report = `a[href="/v1/runs/${encodeURIComponent(id)}/report"]`;
      await Promise.all([page.waitForNavigation(), page.click(report)]);
      expect(await page.content()).toContain(id);
      await page.goto(url);
      await Promise.all([page.waitForNavigation(), page.click('button')]);
      expect(await page.title()).toBe('Sign in');
    } finally {
      await browser.close();
      await rm(profile, { recursive: true, force: true });
    }
  }, 120_000);
});
