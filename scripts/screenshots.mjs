/**
 * Takes the pictures of docs/images: plays the demo (a short one over the other provider, then the
 * whole list) and looks at it in the Temporal UI with headless Chromium ($CHROMIUM, or /usr/bin/chromium).
 *   npm run screenshots
 */
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
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
const browser = await openBrowser();
try {
  const short = ['--provider', 'promptlayer', '--rows', '60', '--no-keep'];
  const before = await play(short, (link) => link);
  await play(['--keep', '--speed', '30'], async (link, finished) => {
    const page = await openPage(link);
    const list = new URL('/namespaces/default/workflows', link);
    const metadata = place(link, 'user-metadata');
    await shoot(page, 'details.png', metadata, isHalfDone, below(60, 720));
    await shoot(page, 'workflows.png', list, isListed, { width: 1500, height: 400 });
    await finished();
    await shoot(page, 'timeline.png', place(link, 'timeline'), isDrawn, below(670, 700));
    await shoot(page, 'details-at-the-end.png', metadata, isOver, below(310, 690));
    const priced = new URL(new URL(place(before, 'user-metadata')).pathname, link);
    await shoot(page, 'details-with-prices.png', priced, isOver, below(310, 740));
  });
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
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

/** Runs the demo; gives back what `look` does, which gets the run's page as soon as there is one. */
async function play(flags, look) {
  const main = join(root, 'dist', 'src', 'cli', 'main.js');
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

/** Without the UI's own navigation. */
function below(top, height) {
  return { left: 205, top, height };
}

/** What a page must say before its picture is taken. */
function isHalfDone(text) {
  const share = Number(/[█░]\s+(\d+) %/.exec(text)?.[1] ?? 0);
  return share >= 60 && share < 95;
}

function isOver(text) {
  return /\bcompleted\b[^]*[█░]/.test(text);
}

function isListed(text) {
  return text.includes('completed') && /\d %, pass \d/.test(text);
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
