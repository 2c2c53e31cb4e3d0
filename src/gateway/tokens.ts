import { readFileSync } from 'node:fs';
import { RowmillError } from '../errors.ts';
import { OWNER } from './schemas/requests.ts';

/** Permissions of a token. */
export const SCOPES = ['read', 'start', 'act', 'approve', 'approve-others', 'decode'] as const;
export type Scope = (typeof SCOPES)[number];

/** Permissions of a token that names none. `decode` shows what all owners' runs hold: it must be named. */
const USUAL_SCOPES = SCOPES.filter((scope) => scope !== 'decode');

/** Permissions and visibility of a token. */
export interface Grant {
  /** Owner of the runs it starts; `null`: none. */
  owner: string | null;
  scopes: ReadonlySet<Scope>;
  /** Visible runs and schedules: those of its owner, or all. */
  runs: 'own' | 'all';
}

export interface Token extends Grant {
  secret: string;
}

/** Grant of this machine without tokens. */
export const EVERYTHING: Grant = { owner: null, scopes: new Set(SCOPES), runs: 'all' };

/** Minimum length: shorter tokens can be guessed. */
const SHORTEST = 16;

/**
 * Parses tokens of the variable (comma-separated) and of the file (one per line with its options;
 * `#` begins a comment).
 * @throws RowmillError `usage`, never with a token in it
 */
export function tokensOf(list: string, file: string): Token[] {
  const plain = list.split(',').map((secret) => ({ secret: secret.trim(), rest: [] as string[] }));
  const inFile = file === '' ? [] : linesOf(file);
  const found = [...plain, ...inFile].filter(({ secret }) => secret !== '');
  const bad = found.find(
    ({ secret }) => secret.length < SHORTEST || !/^[\x21-\x7e]+$/.test(secret),
  );
  if (bad !== undefined) {
    // Never prints the value: it is a secret, even a bad one.
    throw refused(
      'ROWMILL_GATEWAY_TOKENS',
      `a token of ${bad.secret.length} characters is not allowed`,
      `Take at least ${SHORTEST} letters, digits and signs: openssl rand -hex 24`,
    );
  }
  const tokens = new Map(
    found.map(({ secret, rest }) => [secret, { secret, ...grantOf(rest, file) }]),
  );
  return [...tokens.values()];
}

function linesOf(file: string): { secret: string; rest: string[] }[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [secret = '', ...rest] = line.split(/\s+/);
        return { secret, rest };
      });
  } catch (cause) {
    throw new RowmillError('usage', 'the file of tokens cannot be read', {
      where: `ROWMILL_GATEWAY_TOKENS_FILE ${file}`,
      remedy: 'Check the path and its permissions.',
      cause,
    });
  }
}

/** Parses `owner=billing scopes=read,start runs=own`; each option may be left out. */
function grantOf(words: readonly string[], file: string): Grant {
  const wrong = (what: string, remedy: string): RowmillError =>
    refused(`ROWMILL_GATEWAY_TOKENS_FILE ${file}`, what, remedy);
  const options = new Map<string, string>();
  for (const word of words) {
    const [name = '', value] = word.split('=', 2);
    if (!['owner', 'scopes', 'runs'].includes(name) || value === undefined || options.has(name)) {
      throw wrong(
        'what stands behind a token is not understood',
        'Write TOKEN owner=NAME scopes=read,start,act,approve runs=own, a line for each token.',
      );
    }
    options.set(name, value);
  }
  const owner = options.get('owner') ?? null;
  if (owner !== null && !OWNER.test(owner)) {
    throw wrong(
      `"${owner.slice(0, 80)}" is no owner`,
      'Take letters, digits, ".", "_" and "-", 1 to 63.',
    );
  }
  const names = options.get('scopes')?.split(',') ?? USUAL_SCOPES;
  const scopes = new Set(SCOPES.filter((scope) => names.includes(scope)));
  if (scopes.size !== new Set(names).size) {
    throw wrong(
      `scopes=${options.get('scopes')?.slice(0, 80)} is not allowed`,
      `Give some of ${SCOPES.join(', ')}.`,
    );
  }
  const runs = options.get('runs') ?? (owner === null ? 'all' : 'own');
  if (runs !== 'own' && runs !== 'all') {
    throw wrong(`runs=${runs.slice(0, 80)} is not allowed`, 'Give own or all.');
  }
  if (runs === 'own' && owner === null)
    throw wrong('runs=own without an owner', 'Give owner=NAME.');
  if (runs === 'own' && scopes.has('decode')) {
    throw wrong(
      'scopes=decode shows what the runs of all owners hold',
      'Leave decode out, or give runs=all.',
    );
  }
  return { owner, scopes, runs };
}

const refused = (where: string, what: string, remedy: string): RowmillError =>
  new RowmillError('usage', what, { where, remedy });
