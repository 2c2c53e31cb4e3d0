const CANDIDATES = [',', ';', '\t'] as const;

/** Lines used for detection; a delimiter that first occurs later is text. */
const LINES = 20;

/** Line that Excel writes above the header to set the delimiter. */
const SEP_LINE = /^[ \t]*"?sep=([^\r\n])"?[^\S\r\n]*(\r\n|\n|\r|$)/i;

/** Parses a first line like `sep=;`; returns the delimiter and the length with the line end. */
export function sepLine(text: string): { delimiter: string; length: number } | null {
  const found = SEP_LINE.exec(text);
  const [line = '', delimiter] = found ?? [];
  return delimiter === undefined ? null : { delimiter, length: line.length };
}

/**
 * Detects the delimiter from the first lines: it occurs in the header, and equally often in the
 * rows below. Defaults to the comma (a single column).
 */
export function sniffDelimiter(text: string): string {
  let best = ',';
  let bestScore = 0;
  for (const candidate of CANDIDATES) {
    const [header = 0, ...rows] = countPerLine(text, candidate);
    if (header === 0) continue;
    const equal = rows.filter((count) => count === header).length;
    // Agreement below the header weighs more than the count in it.
    const score = (rows.length === 0 ? 1 : 1 + (1_000 * equal) / rows.length) * 1_000 + header;
    if (score > bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}

/**
 * Counts outside quotes, which open only at the start of a field; a line end inside quotes does not
 * end the row.
 */
function countPerLine(text: string, delimiter: string): number[] {
  const counts = [0];
  let quoted = false;
  let blank = true;
  let before = '\n';
  for (const char of text) {
    const opens = before === delimiter || before === '\n' || before === '\r' || before === '"';
    if (char === '"' && (quoted || opens)) quoted = !quoted;
    before = char;
    if (quoted) continue;
    if (char === '\n' || char === '\r') {
      if (blank) continue;
      if (counts.length === LINES) return counts;
      counts.push(0);
      blank = true;
      continue;
    }
    blank = false;
    if (char === delimiter) counts[counts.length - 1] = (counts.at(-1) ?? 0) + 1;
  }
  return blank ? counts.slice(0, -1) : counts;
}
