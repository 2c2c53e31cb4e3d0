import type { Json } from '../../../src/contract/json.ts';
import type { ChangeLine, ResultRow } from '../../../src/contract/results.ts';
import type { Evidence } from './evidence.ts';
import { sameJson } from './same-json.ts';

/** I4: the changes, applied to the results before, give the answers that are published. */
export function* changesTrue(evidence: Evidence): Iterable<string> {
  const { summary, results, manifest, texts, columns, earlier } = evidence;
  const changes = summary?.changes;
  if (changes === undefined) {
    yield `no changes: ${summary?.changesProblem ?? 'no reason'}`;
    return;
  }
  if (!sameJson(manifest.changes, changes)) yield 'the manifest counts other changes';
  const text = texts.get(changes.path);
  if (text === undefined) {
    yield 'the changes are not beside the results';
    return;
  }
  const lines = linesOf(text);
  const counts = { new: 0, changed: 0, vanished: 0, lost: 0 };
  for (const { change } of lines) counts[change] += 1;
  const { path, since, ...said } = changes;
  if (!sameJson(counts, said)) yield `${path} has other changes`;
  // What a run without a summary had published is not among its evidence.
  const isKnown = since === null || earlier?.summary?.workflowId === since;
  if (!isKnown) return;
  const names = columns.map(({ key }) => key);
  const copy = answersOf(since === null ? [] : (earlier?.results ?? []), names);
  for (const { key, change, columns: steps } of lines) {
    if (change === 'vanished') copy.delete(key);
    else {
      const answers = copy.get(key) ?? names.map(() => null);
      copy.set(
        key,
        names.map((name, at) =>
          name in steps ? (steps[name]?.to ?? null) : (answers[at] ?? null),
        ),
      );
    }
  }
  const applied = Object.fromEntries(copy);
  if (!sameJson(applied, Object.fromEntries(answersOf(results, names)))) {
    yield `${path} does not lead to the results`;
  }
}

const answersOf = (rows: readonly ResultRow[], columns: readonly string[]): Map<string, Json[]> =>
  new Map(rows.map(({ key, cells }) => [key, columns.map((name) => cells[name]?.value ?? null)]));

/** Texts of files are kept byte by byte. */
const linesOf = (text: string): ChangeLine[] =>
  Buffer.from(text, 'latin1')
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    // Written by writeChanges in this shape; what they say is what is judged.
    .map((line) => JSON.parse(line) as ChangeLine);
