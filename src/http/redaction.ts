import { types } from 'node:util';

/** Removes secrets from a text, by value. */
export type Redact = (text: string) => string;

const SHORTEST_SECRET = 4;
/** Minimum length: shorter pieces of base64 occur in any text. */
const SHORTEST_CORE = 8;

/**
 * Creates a redactor for every value of the authentication headers and its last word (`Bearer
 * <token>`). Covers the forms in URLs, JSON strings and base64, and other case (host names).
 */
export function redactorOf(authHeaders: Record<string, string>): Redact {
  // Made for the first text: most replies have none that is shown.
  let redact: Redact | null = null;
  return (text) => (redact ??= patternRedactor(authHeaders))(text);
}

function patternRedactor(authHeaders: Record<string, string>): Redact {
  const secrets = new Set<string>();
  for (const value of Object.values(authHeaders)) {
    for (const secret of [value, value.split(' ').at(-1) ?? '']) {
      if (secret.length < SHORTEST_SECRET) continue;
      secrets.add(secret);
      secrets.add(encodeURIComponent(secret));
      secrets.add(JSON.stringify(secret).slice(1, -1));
      for (const core of base64Cores(secret)) secrets.add(core);
    }
  }
  if (secrets.size === 0) return (text) => text;
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length);
  const any = new RegExp(longestFirst.map(literally).join('|'), 'gi');
  return (text) => text.replace(any, '[redacted]');
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/**
 * Returns the three base64 forms of a secret inside a longer text (`user:token` of Basic, a logged
 * header), by its byte offset. Characters shared with neighbours are left out.
 */
function base64Cores(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((before) => {
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + bytes.length) * 8) / 6);
    return (['base64', 'base64url'] as const).flatMap((encoding) => {
      const core = Buffer.concat([Buffer.alloc(before), bytes])
        .toString(encoding)
        .slice(from, to);
      return core.length < SHORTEST_CORE ? [] : [core];
    });
  });
}

/** Copies name, code, message and causes of an error, redacted, so that it is safe as a `cause`. */
export function redactedError(error: unknown, redact: Redact, depth = 0): Error {
  if (!types.isNativeError(error)) return new Error(redact(String(error)));
  const copy = new Error(redact(messageOf(error)));
  copy.name = error.name;
  if (error.stack !== undefined) copy.stack = redact(error.stack);
  const code = codeOf(error);
  if (code !== null) Object.assign(copy, { code });
  if (error.cause !== undefined && depth < 3) {
    copy.cause = redactedError(error.cause, redact, depth + 1);
  }
  return copy;
}

/** Finds a message: Node wraps several refused addresses in an `AggregateError` without one. */
export function messageOf(error: Error): string {
  if (error.message !== '') return error.message;
  if ('errors' in error && Array.isArray(error.errors)) {
    return error.errors.map((each) => (types.isNativeError(each) ? each.message : '')).join('; ');
  }
  return error.name;
}

/** Returns `ECONNREFUSED`, `UND_ERR_…`; `null` for an error without a code. */
export const codeOf = (error: Error): string | null =>
  'code' in error && typeof error.code === 'string' ? error.code : null;
