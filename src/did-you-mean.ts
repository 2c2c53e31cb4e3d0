import { distance } from 'fastest-levenshtein';

/** A longer one is no word that was mistyped, and comparing it would take long. */
const LONGEST = 100;

/** The word a writer probably meant, or `null` when nothing is close enough to be worth saying. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > LONGEST) return null;
  const wanted = word.toLowerCase();
  // Two letters swapped count as two; past a third of the word it is a guess.
  const furthest = wanted.length < 4 ? 1 : Math.max(2, Math.floor(wanted.length / 3));
  let best: string | null = null;
  // A word of which no letter is right is another word.
  let bestDistance = Math.min(furthest + 1, wanted.length);
  for (const candidate of candidates) {
    if (candidate === word || candidate.length > LONGEST) continue;
    const other = candidate.toLowerCase();
    // `monday` for `mon`, `desc` for `description`.
    const cut = Math.min(wanted.length, other.length);
    const begins = cut >= 3 && wanted.slice(0, cut) === other.slice(0, cut);
    const found = begins ? Math.min(furthest, distance(wanted, other)) : distance(wanted, other);
    if (found < bestDistance) {
      best = candidate;
      bestDistance = found;
    }
  }
  return best;
}
