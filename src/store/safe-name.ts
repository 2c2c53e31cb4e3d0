import { createHash } from 'node:crypto';

/** Kept as they are; upper case is not, because some file systems do not tell it from lower. */
const PLAIN = /^[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9_-])?$/;

/** Windows keeps these for devices, whatever their extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/;

const READABLE_LENGTH = 48;
const HASH_HEX_LENGTH = 24;

/**
 * A folder name for any text: the text itself where that is safe on every file system, else a
 * readable beginning, `~` and a hash. `~` is in no plain name, so the two kinds never meet.
 */
export const safeName = (text: string): string => {
  if (PLAIN.test(text) && !RESERVED.test(text)) return text;
  const readable = text
    .slice(0, READABLE_LENGTH)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  // UTF-16 keeps lone surrogates apart, which UTF-8 would make one and the same character.
  const hash = createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('hex');
  return `${readable === '' ? 'x' : readable}~${hash.slice(0, HASH_HEX_LENGTH)}`;
};
