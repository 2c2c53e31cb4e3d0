/**
 * Takes the pictures of docs/images in the Temporal UI with headless Chromium ($CHROMIUM, or
 * /usr/bin/chromium): of a list with runs that completed, are partial, wait and run, then of the demo
 * (a short one over the other provider, then the whole list), and of its report, light and dark.
 *   npm run screenshots                         all of them
 *   npm run screenshots -- list                 only the list
 *   npm run screenshots -- x.report.html        only a report that is there
 */
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import puppeteer from 'puppeteer-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const images = join(root, 'docs', 'images');
const folder = mkdtempSync(join(tmpdir(), 'demo-'));
const WIDTH = 1400;
const LOAD_MS = 8_000;
/** Columns of the workflow list, in the UI's own words. */
const COLUMNS = [
  'Workflow ID',
  'RowmillProgress',
  'RowmillOutcome',
  'RowmillRows',
  'RowmillFailedCells',
];

mkdirSync(images, { recursive: true });
const main = join(root, 'dist', 'src', 'cli', 'main.js');
const browser = await openBrowser();
try {
  const report = process.argv.find((word) => word.endsWith('.report.html'));
  if (report === undefined) {
    await pictureOfList();
    if (!process.argv.includes('list')) await picturesOfDemo();
  } else await picturesOfReport(resolve(report));
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}

async function picturesOfDemo() {
  const short = ['--provider', 'promptlayer', '--rows', '60', '--no-keep'];
  const before = await play(short, (link) => link);
  await play(['--keep', '--speed', '30'], async (link, finished) => {
    const page = await openPage(link);
    const metadata = place(link, 'user-metadata');
    await shoot(page, 'details.png', metadata, isHalfDone, below(60, 720));
    await finished();
    await shoot(page, 'timeline.png', place(link, 'timeline'), isDrawn, below(670, 700));
    await shoot(page, 'details-at-the-end.png', metadata, isOver, below(310, 690));
    const priced = new URL(new URL(place(before, 'user-metadata')).pathname, link);
    await shoot(page, 'details-with-prices.png', priced, isOver, below(310, 740));
  });
  await picturesOfReport(join(folder, '.rowmill', 'demo', 'out', 'sp500-profile.report.html'));
}

/** Its beginning: outcome, figures, cells over time and by column, passes. */
async function picturesOfReport(path) {
  const page = await browser.newPage();
  await page.setViewport({ width: 900, height: 1010 });
  for (const value of ['light', 'dark']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
    await page.goto(pathToFileURL(path).href);
    const file = `report-${value}.png`;
    await page.screenshot({ path: join(images, file) });
    console.error(`docs/images/${file}`);
  }
}

/** Starts runs against `rowmill dev`, so that the list shows what a night may leave. */
async function pictureOfList() {
  const child = spawn(process.execPath, [main, 'dev', '--speed', '20'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  try {
    const [, ui] = await new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const found = /^Temporal UI +(\S+)/.exec(line);
        if (found !== null) resolve(found);
      });
      exited.then(([code]) => reject(new Error(`rowmill dev ended with ${code}`)), reject);
    });
    await start('sectors', { rows: 40 });
    await start('crm-refresh', { rows: 120, tolerateFailed: '0%' }, 3);
    await start('new-market', { rows: 80, approveAbove: 100 }, 0, '--detach');
    await start('sp500-profile', { rows: 503 }, 0, '--detach');
    const page = await openPage(ui);
    const list = new URL('/namespaces/default/workflows', ui);
    await shoot(page, 'workflows.png', list, isListed, { width: 1500, height: 440 });
  } finally {
    child.kill('SIGINT');
    if (child.exitCode === null && child.signalCode === null) await exited;
  }
}

/** Runs a pipeline over the first companies of the example, which must end with this exit code. */
async function start(
  name,
  { rows, tolerateFailed = '20%', approveAbove = 2_000 },
  code = 0,
  ...flags
) {
  const companies = readFileSync(join(root, 'examples', 'companies', 'companies.csv'), 'utf8');
  writeFileSync(
    join(folder, `${name}.csv`),
    companies
      .split('\n')
      .slice(0, rows + 1)
      .join('\n'),
  );
  const agent = (key, prompt) => ({
    ...{ kind: 'agent', key, name: key },
    value: { agent_type: 'research_pro', prompt, output_format: 'text' },
  });
  const pipeline = {
    ...{ name, provider: 'extruct' },
    table: {
      kind: 'company',
      columns: [
        agent('sector', 'Which GICS sector is {company_name} in?'),
        agent('city', 'In which city are the headquarters of {company_name}?'),
      ],
    },
    rows: { from: `${name}.csv`, key: 'Symbol', map: { input: 'Security' } },
    run: { failedPasses: 0, tolerateFailed },
    spend: { approveAbove },
    results: [{ to: `out/${name}.jsonl` }],
  };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(pipeline));
  const args = [main, 'run', `${name}.json`, '--id', name, ...flags];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [ended] = await once(child, 'exit');
  if (ended !== code) throw new Error(`${name} ended with ${ended}, not ${code}`);
}

function openBrowser() {
  return puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    userDataDir: join(folder, 'chromium'),
    args: [
      ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update'],
    ],
  });
}

/** Runs the demo; returns the result of `look`, which gets the run's page as soon as there is one. */
async function play(flags, look) {
  const child = spawn(process.execPath, [main, 'demo', ...flags], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const links = new EventEmitter();
  const started = once(links, 'started');
  const finished = once(links, 'finished');
  createInterface({ input: child.stderr }).on('line', (line) => {
    console.error(line);
    const link = /Watch it in the Temporal UI: (\S+)/.exec(line)?.[1];
    if (link !== undefined) links.emit('started', link);
    if (line.startsWith('The Temporal UI stays at')) links.emit('finished');
  });
  try {
    const ended = exited.then(([code]) => Promise.reject(new Error(`the demo ended with ${code}`)));
    // Not wanted any more when the end comes.
    ended.catch(() => undefined);
    const [link] = await Promise.race([started, ended]);
    const seen = await look(link, () => Promise.race([finished, ended]));
    if (flags.includes('--no-keep')) await exited;
    return seen;
  } finally {
    child.kill('SIGINT');
    if (child.exitCode === null && child.signalCode === null) await exited;
  }
}

/** A page of a run in the UI: its link leads to the history. */
function place(link, name) {
  return link.replace(/\/history$/, `/${name}`);
}

async function openPage(link) {
  const page = await browser.newPage();
  await page.goto(new URL(link).origin);
  await page.evaluate((columns) => {
    const labels = columns.map((label) => ({ label }));
    localStorage.setItem('namespace-workflow-table-columns', JSON.stringify({ default: labels }));
  }, COLUMNS);
  return page;
}

/** Cuts off the UI's own navigation. */
function below(top, height) {
  return { left: 205, top, height };
}

/** Returns whether a page shows a run that is about half done, and may be photographed. */
function isHalfDone(text) {
  const share = Number(/[█░]\s+(\d+) %/.exec(text)?.[1] ?? 0);
  return share >= 60 && share < 95;
}

function isOver(text) {
  return /\bcompleted\b[^]*[█░]/.test(text);
}

function isListed(text) {
  const is = ['completed', 'partial: ', 'waiting for approval'];
  return is.every((stage) => text.includes(stage)) && /[1-9]0 %, pass \d/.test(text);
}

function isDrawn(text) {
  return text.includes('Publish the results');
}

/** Loads the page until it says what is waited for: the UI refreshes little by itself. */
async function shoot(page, file, url, isThere, { left = 0, top = 0, width = WIDTH, height }) {
  await page.setViewport({ width, height: top + height });
  for (let loads = 1; !isThere(await loadedText(page, url, isThere)); loads += 1) {
    if (loads === 40) throw new Error(`${url} never showed what ${file} is of`);
  }
  // Fonts, and what slides in.
  await sleep(4_000);
  const clip = { x: left, y: top, width: width - left, height };
  await page.screenshot({ path: join(images, file), clip });
  console.error(`docs/images/${file}`);
}

/** Markdown stands in a frame of its own. */
async function loadedText(page, url, isThere) {
  await page.goto(String(url), { waitUntil: 'domcontentloaded' });
  let text = '';
  for (const endsAt = Date.now() + LOAD_MS; Date.now() < endsAt && !isThere(text);) {
    await sleep(250);
    const read = () => document.documentElement.textContent;
    // A frame may go while it is read.
    const texts = page.frames().map((frame) => frame.evaluate(read).catch(() => ''));
    text = (await Promise.all(texts)).join('\n');
  }
  return text;
}
