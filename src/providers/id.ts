import { z } from 'zod';

/**
 * Ids stand in paths, in Temporal's history and in its search attributes: short, and without what
 * no path can carry. A number is one only as long as each digit of it survived the parser.
 */
export const Id = z
  .union([
    z.string().regex(/^(?!\.{1,2}$)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,255}$/u, 'not an id'),
    z.int().nonnegative(),
  ])
  .transform(String);
