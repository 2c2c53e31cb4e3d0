import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import type { ReportFacts } from '../../src/report/facts.ts';
import { renderReport } from '../../src/report/render.ts';
import { hugeFacts, reportFacts } from './facts.ts';

/** A browser is no package of the project: without one these tests are skipped. */
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const inBrowser = existsSync(CHROMIUM) ? describe : describe.skip;

const ATTACK = `<script>document.title = 'taken'</script><img src="https://example.test/x.png" onerror="document.title = 'taken'">`;

inBrowser('in a browser', () => {
  let folder: string;
  let browser: Browser;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rowmill-report-'));
    browser = await puppeteer.launch({
      executablePath: CHROMIUM,
      headless: 'shell',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      userDataDir: join(folder, 'profile'),
    });
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens a report from a file, and notes what it requests. */
  async function open(facts: ReportFacts): Promise<{ page: Page; requests: string[] }> {
    const file = join(folder, 'x.report.html');
    await writeFile(file, renderReport(facts));
    const page = await browser.newPage();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href, { waitUntil: 'networkidle0' });
    return { page, requests };
  }

  test.each([
    ['503 rows', reportFacts],
    ['100,000 rows', hugeFacts],
  ] as const)('the page of %s loads nothing else', async (_name, factsOf) => {
    const { page, requests } = await open(factsOf());
    expect(requests).toEqual([page.url()]);
    await page.close();
  });

  test('a script in a cell stays text', async () => {
    const facts = reportFacts({
      columns: ['sector'],
      sample: [{ key: 'MMM', cells: { sector: { status: 'done', text: ATTACK, sources: [] } } }],
    });
    const { page, requests } = await open(facts);
    expect(await page.evaluate('document.body.innerText')).toContain(ATTACK);
    expect(await page.title()).toBe(facts.summary.workflowId);
    expect(await page.$$('script, img, iframe, object, embed, link')).toEqual([]);
    expect(requests).toHaveLength(1);
    await page.close();
  });

  test('a script that got into the page would not run', async () => {
    const file = join(folder, 'scripted.html');
    const page = await browser.newPage();
    const whole = renderReport(reportFacts());
    await writeFile(
      file,
      whole.replace('</body>', `<script>document.title='taken'</script></body>`),
    );
    await page.goto(pathToFileURL(file).href);
    expect(await page.title()).toBe(reportFacts().summary.workflowId);
    await page.close();
  });

  test('colours follow the reader and the medium', async () => {
    const { page } = await open(reportFacts());
    const paper = () =>
      page.evaluate('getComputedStyle(document.body).backgroundColor') as Promise<string>;
    const inScheme = async (value: string): Promise<string> => {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
      return paper();
    };
    expect(await inScheme('light')).toBe('rgb(255, 255, 255)');
    expect(await inScheme('dark')).toBe('rgb(20, 23, 27)');
    await page.emulateMediaType('print');
    expect(await paper()).toBe('rgb(255, 255, 255)');
    await page.close();
  });

  test.each([1_200, 400])(
    'a window of %d pixels shows the page without scrolling aside',
    async (width) => {
      const { page } = await open(hugeFacts());
      await page.setViewport({ width, height: 800 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
        width,
      );
      await page.close();
    },
  );

  test('words stay readable in a narrow window', async () => {
    const { page } = await open(reportFacts());
    await page.setViewport({ width: 400, height: 800 });
    const narrowest = await page.evaluate(
      `Math.min(...[...document.querySelectorAll('td:not(.n), th:not(.n)')].map(({ offsetWidth }) => offsetWidth))`,
    );
    expect(narrowest).toBeGreaterThan(60);
    const smallest = await page.evaluate(`Math.min(
      ...[...document.querySelectorAll('svg text')]
        .map((text) => text.getBoundingClientRect().height)
        .filter((height) => height > 0))`);
    expect(smallest).toBeGreaterThan(9);
    await page.close();
  });
});
