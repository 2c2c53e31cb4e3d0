import { LineCounter } from 'yaml';
import type { Json } from '../../contract/json.ts';
import { PROVIDER_SPECS } from '../../providers/catalog.ts';
import type { SpecDocument } from './document.ts';
import { MAX_ISSUES, pathText, SpecError, type Path, type SpecIssue } from './issue.ts';

/** All repetitions are bounded: the text may be a megabyte. */
const SHAPES: [RegExp, string][] = [
  [/\bbearer\s{1,9}[\w.~+/=-]{12}/gi, 'a bearer token'],
  [/\b(?:sk|pk|rk)[-_](?=[\w-]{0,99}\d)[\w-]{16}/g, 'an API key (sk-…)'],
  [/\bpl_[0-9a-f]{16}/gi, 'an API key (pl_…)'],
  [/\bX-API-KEY["']?\s{0,9}[:=]\s{0,9}["']?[\w.~+/=-]{12}/gi, 'an X-API-KEY header'],
  [
    /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s\/?#@"'<>]{0,200}:[^\s\/?#@"'<>{}$]{1,200}@/gi,
    'an address with a password',
  ],
  [
    /[?&](?:api[_-]?key|access[_-]?token|token|secret|password|signature)=(?=[\w.~%-]{0,99}\d)[\w.~%-]{12}/gi,
    'an address with a token',
  ],
  [
    /\bBasic\s{1,9}(?=[A-Za-z0-9+/]{0,99}\d)[A-Za-z0-9+/]{16,999}={0,2}(?![\w+/])(?=["'\s,}]|$)/g,
    'a Basic header',
  ],
  [/\bwhsec_[\w+/]{16}/g, 'a secret of webhooks (whsec_…)'],
  [/\bgh[opsur]_\w{20}/g, 'a GitHub token'],
  [/\bxox[abprs]-[\w-]{10}/g, 'a Slack token'],
  [
    /\bhooks\.slack\.com\/(?:services|workflows|triggers)\/\w{6}/g,
    'the address of a Slack channel',
  ],
  [/\bAKIA[0-9A-Z]{16}\b/g, 'an AWS key'],
  [/\beyJ[\w-]{8,999}\.eyJ[\w-]{8}/g, 'a JSON web token'],
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/g, 'a private key'],
  [
    /(?:token|api[_-]?key|secret|password|authorization|credential)s?["']?\s{0,9}[:=]\s{0,9}["']?(?=[\w+/=.-]{0,99}\d)(?=[\w+/=.-]{0,99}[A-Za-z])[\w+/=.-]{16}/gi,
    'a long random value under a name for secrets',
  ],
];

const ALLOWED = 'tokens come from the environment of the worker';

/** Minimum length: a shorter value occurs in any text. */
const SHORTEST_SECRET = 8;

/** Returns the values of an environment's token variables, by variable. */
export function tokenValues(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const variables = PROVIDER_SPECS.map(({ tokenVariable }) => tokenVariable);
  const values = [...variables, 'TEMPORAL_API_KEY'].map(
    (variable) => [variable, env[variable]?.trim() ?? ''] as const,
  );
  return Object.fromEntries(values);
}

/**
 * Rejects a file that contains a token, also in comments, before a message repeats any of it.
 * `secrets` are the values of the providers' token variables.
 * @throws SpecError `spec_has_secret` with positions, never the value
 */
export function refuseSecrets(text: string, file: string, secrets: Record<string, string>): void {
  const lines = new LineCounter();
  for (let at = 0; at >= 0; at = text.indexOf('\n', at) + 1 || -1) lines.addNewLine(at);
  const issues = new Map<number, SpecIssue>();
  const add = (at: number, found: string): void => {
    if (issues.size >= MAX_ISSUES) return;
    const { line, col } = lines.linePos(at);
    if (!issues.has(line)) {
      issues.set(line, { line, column: col, path: '', found, allowed: ALLOWED, suggestion: null });
    }
  };
  for (const [variable, value] of Object.entries(secrets)) {
    if (value.length < SHORTEST_SECRET) continue;
    for (const form of formsOf(value)) {
      for (const at of wholeWords(text, form)) add(at, `the value of ${variable}`);
    }
  }
  for (const [shape, found] of SHAPES) {
    for (const match of text.matchAll(shape)) add(match.index, `what looks like ${found}`);
  }
  if (issues.size > 0) throw new SpecError(file, [...issues.values()], 'spec_has_secret');
}

/** Returns the value and its forms in a URL, a Basic header, and JSON with escapes. */
const formsOf = (value: string): Set<string> =>
  new Set([
    value,
    encodeURIComponent(value),
    Buffer.from(value).toString('base64').replace(/=+$/, ''),
    JSON.stringify(value).slice(1, -1).replaceAll('/', '\\/'),
  ]);

/**
 * Rejects parsed values that contain a token: an escape hides it from a search in the text.
 * @throws SpecError `spec_has_secret`
 */
export function refuseSecretValues(
  document: SpecDocument,
  file: string,
  secrets: Record<string, string>,
): void {
  const issues: SpecIssue[] = [];
  const visit = (value: Json, path: Path): void => {
    if (typeof value === 'string') {
      const found = issues.length < MAX_ISSUES ? secretIn(value, secrets) : null;
      if (found === null) return;
      const place = { ...document.locationOf(path), path: pathText(path) };
      issues.push({ ...place, found, allowed: ALLOWED, suggestion: null });
    } else if (typeof value === 'object' && value !== null) {
      const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
      for (const [key, item] of entries) visit(item, [...path, key]);
    }
  };
  visit(document.value, []);
  if (issues.length > 0) throw new SpecError(file, issues, 'spec_has_secret');
}

function secretIn(text: string, secrets: Record<string, string>): string | null {
  for (const [variable, value] of Object.entries(secrets)) {
    if (value.length >= SHORTEST_SECRET && !wholeWords(text, value).next().done) {
      return `the value of ${variable}`;
    }
  }
  const shape = SHAPES.find(([pattern]) => text.search(pattern) >= 0);
  return shape === undefined ? null : `what looks like ${shape[1]}`;
}

function* wholeWords(text: string, word: string): Generator<number> {
  const letter = /\w/;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = text[at - 1] ?? ' ';
    const after = text[at + word.length] ?? ' ';
    if (!letter.test(before) && !letter.test(after)) yield at;
  }
}
