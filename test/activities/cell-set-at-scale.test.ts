import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('cell-set-at-scale.ts', import.meta.url));

/** Far less than the default of a worker; the open cells alone are 225 MiB of text. */
const HEAP_MIB = 96;

interface Figures {
  asked: Record<string, number>;
  wholeRequests: number;
  askedCut: Record<string, number>;
  namedRequests: number;
}

function decide(folder: string): Promise<{ code: number | null; text: string; problem: string }> {
  const flags = [`--max-old-space-size=${HEAP_MIB}`, '--no-warnings'];
  const child = spawn(process.execPath, [...flags, SCRIPT, folder]);
  let text = '';
  let problem = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (problem += piece));
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, text, problem }));
  });
}

test('the cell set of 100,000 rows × 20 columns becomes few requests in a small heap', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-scale-'));
  try {
    const { code, text, problem } = await decide(folder);
    expect({ code, problem: problem.slice(0, 500) }).toEqual({ code: 0, problem: '' });
    // Printed by the script in this shape.
    const figures = JSON.parse(text) as Figures;
    expect(figures).toMatchObject({
      asked: { failed: 1_333_333 },
      wholeRequests: 1,
      askedCut: { failed: 1_000_000 },
    });
    expect(figures.namedRequests).toBeLessThanOrEqual(20);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 300_000);
