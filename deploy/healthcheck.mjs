/**
 * Ends with 0 when the address answers 2xx, else with 1 and a line that says why.
 * `node healthcheck.mjs [URL]`; without one the worker's own /live.
 */
const port = process.env.ROWMILL_HEALTH_PORT || '9464';
const url = process.argv[2] ?? `http://127.0.0.1:${port}/live`;

try {
  const reply = await fetch(url, { signal: AbortSignal.timeout(4_000), redirect: 'manual' });
  if (!reply.ok) throw new Error(`answered ${reply.status}`);
} catch (error) {
  console.error(`${url}: ${error.cause?.code ?? error.message}`);
  process.exitCode = 1;
}
