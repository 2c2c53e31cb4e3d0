import { z } from 'zod';

/** Failure of a request to a server. It never has the address. */
export type PostgresFault =
  /** The server reports it, with its SQLSTATE. */
  { state: string; message: string } | { state: null; code: string };

/** Problems of the connection, by the codes of Node. */
const UNREACHABLE = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'ECONNRESET', 'EPIPE'];

/** Code of an error that the server reports. */
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Fields of errors of the library and of Node. */
const errorShape = z.object({
  message: z.string(),
  code: z.string().catch(''),
  severity: z.string().optional().catch(undefined),
});

/** Reads an error of the library; `null` for any other one. */
export function postgresFault(error: unknown): PostgresFault | null {
  const { data } = errorShape.safeParse(error);
  if (data === undefined) return null;
  const { code, message, severity } = data;
  if (SQLSTATE.test(code) && severity !== undefined) return { state: code, message };
  if (!UNREACHABLE.includes(code) && !/connection|timeout/i.test(message)) return null;
  return { state: null, code: code || 'connection lost' };
}
