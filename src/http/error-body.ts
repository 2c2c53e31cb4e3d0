import { z } from 'zod';
import { parseJson } from '../contract/parse-json.ts';

const MAX_DETAILS = 3;

const Detail = z.object({
  loc: z.array(z.union([z.string(), z.number()])).optional(),
  msg: z.string(),
});
const ErrorBody = z.object({
  detail: z.unknown().optional(),
  error: z.unknown().optional(),
  message: z.unknown().optional(),
});
const Named = z.object({ error: z.string().optional(), message: z.string().optional() });

/** Content of an error reply. */
export interface Reason {
  /** Text of one line; `null` if nothing may be quoted. */
  text: string | null;
  /** Machine-readable word such as `plan_required`, from `detail.error`, `detail` or `error`. */
  word: string | null;
}

/**
 * Reads FastAPI's two shapes (`detail` as a text, or as a list of `{loc, msg}`), `detail` as an
 * object, and plain `error` / `message`. HTML is never quoted: it is a proxy's page.
 */
export function reasonOf(body: Buffer, contentType: string): Reason {
  const raw = body.toString('utf8');
  if (contentType.includes('html') || /^\s*</.test(raw)) return { text: null, word: null };
  let json: unknown;
  try {
    json = parseJson(raw);
  } catch {
    return { text: raw.trim() === '' ? null : raw, word: null };
  }
  const parsed = ErrorBody.safeParse(json);
  if (!parsed.success) return { text: typeof json === 'string' ? json : null, word: null };
  const { detail, ...named } = parsed.data;
  // `{error, message}` together correspond to `detail`; either of them may be an object.
  const found = [detail, named, named.error, named.message]
    .map(readDetail)
    .find((reason) => reason.text !== null);
  return found ?? { text: null, word: null };
}

function readDetail(detail: unknown): Reason {
  if (typeof detail === 'string') return { text: detail, word: wordIn(detail) };
  if (Array.isArray(detail)) return { text: renderDetails(detail), word: null };
  const named = Named.safeParse(detail);
  if (!named.success) return { text: null, word: null };
  const { error, message } = named.data;
  const texts = [...new Set([error, message])].filter((text) => text !== undefined);
  return { text: texts.length === 0 ? null : texts.join(': '), word: wordIn(error ?? '') };
}

/** Formats `body.rows.0.data: Field required; … and 4 more`, without the refused values. */
function renderDetails(details: unknown[]): string | null {
  const lines = details.flatMap((detail) => {
    const { success, data } = Detail.safeParse(detail);
    if (!success) return [];
    return data.loc === undefined ? data.msg : `${data.loc.join('.')}: ${data.msg}`;
  });
  if (lines.length === 0) return null;
  const more = lines.length > MAX_DETAILS ? `; … and ${lines.length - MAX_DETAILS} more` : '';
  return lines.slice(0, MAX_DETAILS).join('; ') + more;
}

/** Normalizes `Insufficient credits` and `insufficient_credits` to one word. */
function wordIn(text: string): string | null {
  const word = text
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_');
  return /^[a-z_]{1,60}$/.test(word) ? word : null;
}
