import { z } from 'zod';

/**
 * Ids stand in paths, in Temporal's history and in its search attributes: short, and without what
 * no path can carry; U+FFFD stands where the parser found half a character. Numbers keep each digit:
 * long ones come as text.
 */
export const Id = z
  .union([
    z.string().regex(/^(?!\.{1,2}$)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\uFFFD]{1,255}$/u, 'not an id'),
    z.int().nonnegative(),
  ])
  .transform(String);
