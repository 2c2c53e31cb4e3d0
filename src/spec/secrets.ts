import { LineCounter } from 'yaml';
import { SpecError, type SpecIssue } from './issue.ts';

/** Every repetition has a bound: the text may be a megabyte of anything. */
const SHAPES: [RegExp, string][] = [
  [/\bbearer\s{1,9}[\w.~+/=-]{12}/gi, 'a bearer token'],
  [/\b(?:sk|pk|rk)[-_](?=[\w-]{0,99}\d)[\w-]{16}/g, 'an API key (sk-…)'],
  [/\bpl_[0-9a-f]{16}/gi, 'an API key (pl_…)'],
  [/\bgh[opsur]_\w{20}/g, 'a GitHub token'],
  [/\bxox[abprs]-[\w-]{10}/g, 'a Slack token'],
  [/\bAKIA[0-9A-Z]{16}\b/g, 'an AWS key'],
  [/\beyJ[\w-]{8,999}\.eyJ[\w-]{8}/g, 'a JSON web token'],
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/g, 'a private key'],
  [
    /(?:token|api[_-]?key|secret|password|authorization|credential)s?["']?\s{0,9}[:=]\s{0,9}["']?(?=[\w+/=.-]{0,99}\d)(?=[\w+/=.-]{0,99}[A-Za-z])[\w+/=.-]{16}/gi,
    'a long random value under a name for secrets',
  ],
];

/** A shorter value is a word that may stand anywhere. */
const SHORTEST_SECRET = 8;

/**
 * Refuses a file that holds a token, before anything of it is repeated in a message; comments
 * count too. `secrets` are the values of the providers' token variables.
 * @throws SpecError `spec_has_secret`, with places but never the value
 */
export function refuseSecrets(text: string, file: string, secrets: Record<string, string>): void {
  const lines = new LineCounter();
  for (let at = 0; at >= 0; at = text.indexOf('\n', at) + 1 || -1) lines.addNewLine(at);
  const issues = new Map<number, SpecIssue>();
  const add = (at: number, found: string): void => {
    const { line, col } = lines.linePos(at);
    const allowed = 'tokens come from the environment of the worker';
    if (!issues.has(line)) {
      issues.set(line, { line, column: col, path: '', found, allowed, suggestion: null });
    }
  };
  for (const [variable, value] of Object.entries(secrets)) {
    if (value.length < SHORTEST_SECRET) continue;
    for (const at of wholeWords(text, value)) add(at, `the value of ${variable}`);
  }
  for (const [shape, found] of SHAPES) {
    for (const match of text.matchAll(shape)) add(match.index, `what looks like ${found}`);
  }
  if (issues.size > 0) throw new SpecError(file, [...issues.values()], 'spec_has_secret');
}

function* wholeWords(text: string, word: string): Generator<number> {
  const letter = /\w/;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = text[at - 1] ?? ' ';
    const after = text[at + word.length] ?? ' ';
    if (!letter.test(before) && !letter.test(after)) yield at;
  }
}
