/** Kinds of requests across APIs; each API lists its own requests of a kind. */
export const REQUEST_KINDS = [
  'read-account',
  'find-tables',
  'create-table',
  'create-sheet',
  'create-column',
  'update-column',
  'delete-column',
  'delete-table',
  'add-rows',
  'update-rows',
  'delete-rows',
  'start-run',
  'cancel-run',
  'read-status',
  'read-rows',
] as const;

export type RequestKind = (typeof REQUEST_KINDS)[number];

export const isRequestKind = (word: string): word is RequestKind =>
  REQUEST_KINDS.some((kind) => kind === word);
