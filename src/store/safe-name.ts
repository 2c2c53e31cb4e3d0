import { createHash } from 'node:crypto';

/** Names that are kept. Upper case is not, because some file systems ignore case. */
const PLAIN = /^[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9_-])?$/;

/** Device names on Windows, with any extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/;

const READABLE_LENGTH = 48;
const HASH_HEX_LENGTH = 24;

/**
 * Returns a folder name for any text: the text itself if that is safe on every file system.
 * Otherwise a readable beginning, `~` and a hash. No plain name contains `~`, so the two kinds
 * cannot collide.
 */
export const safeName = (text: string): string => {
  if (PLAIN.test(text) && !RESERVED.test(text)) return text;
  const readable = text
    .slice(0, READABLE_LENGTH)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  // UTF-16 distinguishes lone surrogates, which UTF-8 would map to one character.
  const hash = createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('hex');
  return `${readable === '' ? 'x' : readable}~${hash.slice(0, HASH_HEX_LENGTH)}`;
};
