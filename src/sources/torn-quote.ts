/**
 * What stands behind the closing quote of a field: `nothing` but its end, `blanks`, or `text` (a quote
 * inside was not doubled, or none ever closed the field before). The parser reads on literally there;
 * in a field of several lines that may swallow rows.
 * @param row One row as it stands in the file, its line end included.
 * @returns By field of the row.
 */
export function behindQuotes(row: string, delimiter: string): ('nothing' | 'blanks' | 'text')[] {
  const found: ('nothing' | 'blanks' | 'text')[] = [];
  const text = row.trimStart().replace(/\r?\n$|\r$/, '');
  for (let at = 0; at <= text.length; at += delimiter.length) {
    const close = text.startsWith('"', at) ? closingQuote(text, at) : null;
    const from = close === null ? at : close + 1;
    const next = text.indexOf(delimiter, from);
    const end = next === -1 ? text.length : next;
    const rest = close === null ? '' : text.slice(from, end);
    found.push(rest === '' ? 'nothing' : rest.trim() === '' ? 'blanks' : 'text');
    at = end;
  }
  return found;
}

/** Doubled quotes are text. */
function closingQuote(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text.charAt(at + 1) !== '"') return at;
  }
  return text.length;
}
