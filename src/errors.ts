/**
 * The one table of error codes. Retryable is decided here and nowhere else; Temporal failures,
 * CLI texts, exit codes and docs/reference/errors.md are made from it.
 */

import { namingRun } from './contract/run-command.ts';

/** Exit codes of the command line (docs/reference/cli.md). */
export const EXIT = {
  completed: 0,
  failed: 1,
  usage: 2,
  partial: 3,
  account: 4,
  interrupted: 130,
} as const;

interface ErrorEntry {
  /** Meaning, for the documentation. */
  meaning: string;
  /** Remedy. */
  remedy: string;
  /** True if the step may be retried without an operator's action. */
  retryable: boolean;
  exit: number;
  /** Expected now and then: no alarm in logs and metrics. */
  benign?: true;
}

const { failed, usage, account } = EXIT;

export const ERRORS = {
  // The pipeline file and the command line
  usage: {
    meaning: 'The command line, or what a backend asks for, makes no sense.',
    remedy: 'See the command with --help.',
    retryable: false,
    exit: usage,
  },
  spec_not_found: {
    meaning: 'The pipeline file cannot be read.',
    remedy: 'Check the path and its permissions.',
    retryable: false,
    exit: usage,
  },
  spec_invalid: {
    meaning: 'The pipeline file, or the input of the workflow, is invalid; all issues are listed.',
    remedy: 'Correct the lines named; `rowmill schema` prints what is allowed.',
    retryable: false,
    exit: usage,
  },
  spec_has_secret: {
    meaning: 'The pipeline file contains something that looks like a token.',
    remedy: 'Take it out, set it in the environment of the worker instead, and revoke it.',
    retryable: false,
    exit: usage,
  },

  // Rows
  source_not_found: {
    meaning:
      'The rows do not exist, or cannot be read here: a file, an address or a query of a database.',
    remedy:
      'Check the path in `rows.from` or `--rows`; on a deployed worker it must exist where the worker runs.',
    retryable: false,
    exit: usage,
  },
  source_unreachable: {
    meaning: 'The server of the rows (S3, web or PostgreSQL) does not answer, or throttles.',
    remedy: 'Check its address (of S3 AWS_ENDPOINT_URL) and the network; the step is tried again.',
    retryable: true,
    exit: failed,
  },
  source_unreadable: {
    meaning: 'The rows cannot be decoded: encoding, quoting or JSON is broken.',
    remedy: 'Save it as UTF-8 (CSV, JSON Lines or a JSON array) and correct the lines named.',
    retryable: false,
    exit: usage,
  },
  rows_invalid: {
    meaning:
      'Rows have missing or repeated keys, empty inputs or oversized fields, or lack a column that is named.',
    remedy:
      'Fix the lines named, or choose another `rows.key`. To leave such rows out, use `rows.duplicates: first` for repeated keys, `rows.skipBad` for others.',
    retryable: false,
    exit: usage,
  },
  rows_empty: {
    meaning: 'The source has no rows.',
    remedy: 'Check that the source was written completely.',
    retryable: false,
    exit: usage,
  },

  // Money
  spend_refused: {
    meaning:
      'The estimate is above `spend.maxCredits`, or above what the owner of the worker allows any run.',
    remedy:
      'Send fewer rows or columns, raise the limit that is named, or say in `spend.onCeiling` what happens there.',
    retryable: false,
    exit: account,
  },
  budget_empty: {
    meaning: 'The day budget that the run names (`spend.perDay`) has too few credits left today.',
    remedy:
      'The run goes on at midnight of its zone; now: `rowmill budget raise NAME CREDITS`, which `rowmill budget show NAME` helps to size.',
    retryable: false,
    exit: account,
  },
  budget_conflict: {
    meaning:
      'Pipelines that share a day budget say different limits or time zones (`spend.perDay`).',
    remedy: 'Write the same into all their files, and set it: `rowmill budget set NAME CREDITS`.',
    retryable: false,
    exit: account,
  },
  budget_not_found: {
    meaning: 'No run has used a day budget of this name on this Temporal server.',
    remedy: 'See `rowmill budget list`; `rowmill budget set NAME CREDITS` makes one.',
    retryable: false,
    exit: usage,
  },
  insufficient_credits: {
    meaning: 'The account has no credits left.',
    remedy:
      'Top up the account: the run goes on by itself, or at once with `rowmill resume RUN`. Done cells stay done.',
    retryable: false,
    exit: account,
    benign: true,
  },
  plan_required: {
    meaning: 'The account’s plan does not allow this call.',
    remedy:
      'Change to a plan that includes tables by API, then `rowmill rerun RUN`: what is done is not paid again.',
    retryable: false,
    exit: account,
  },
  payment_failed: {
    meaning: 'The provider could not charge the account.',
    remedy:
      'Settle the payment with the provider, then `rowmill rerun RUN`: what is done is not paid again.',
    retryable: false,
    exit: account,
  },

  // Credentials
  token_missing: {
    meaning: 'No token for the provider in the environment.',
    remedy:
      'Set the variable of the token that is named (`rowmill doctor` lists them) where the worker runs.',
    retryable: false,
    exit: account,
  },
  unauthorized: {
    meaning: 'The provider refused the token (401).',
    remedy: 'Set a valid token in the worker’s environment and restart the worker.',
    retryable: false,
    exit: account,
  },
  forbidden: {
    meaning: 'The token is not allowed to do this (403).',
    remedy: 'Use a token of the workspace that owns the table.',
    retryable: false,
    exit: account,
  },

  // The provider's API
  base_url_invalid: {
    meaning: 'The provider’s base URL is not usable.',
    remedy: 'Use https://…; plain http is allowed for loopback only.',
    retryable: false,
    exit: usage,
  },
  request_refused: {
    meaning: 'The provider refused the request as invalid (400, 409, 422).',
    remedy: 'Correct what the provider names; `rowmill check` shows what is sent.',
    retryable: false,
    exit: failed,
  },
  request_too_large: {
    meaning:
      'The provider takes no request as large as this one (413); a row that is too large alone is quarantined.',
    remedy:
      'Shorten the fields that the pipeline maps into the table (rows.map), or leave the row out.',
    retryable: false,
    exit: failed,
  },
  not_found: {
    meaning: 'The table or row does not exist in this workspace (404).',
    remedy:
      'Check whether the table was deleted, which account the token belongs to, and the base URL.',
    retryable: false,
    exit: failed,
  },
  rate_limited: {
    meaning: 'The provider asks to slow down (429).',
    remedy: 'Nothing: the step waits and goes on. If it lasts, check the quota of the account.',
    retryable: true,
    exit: failed,
    benign: true,
  },
  provider_unavailable: {
    meaning: 'The provider failed on its side (5xx).',
    remedy: 'Nothing: the step is tried again. If it lasts, see the provider’s status page.',
    retryable: true,
    exit: failed,
    benign: true,
  },
  provider_unreachable: {
    meaning: 'No connection to the provider, or it broke.',
    remedy: 'Check network, proxy and base URL; the step is tried again.',
    retryable: true,
    exit: failed,
    benign: true,
  },
  provider_timeout: {
    meaning: 'The provider did not answer in time.',
    remedy: 'Nothing: the step is tried again.',
    retryable: true,
    exit: failed,
    benign: true,
  },
  reply_unreadable: {
    meaning:
      'The provider’s reply is not what its documentation says (not JSON, cut, or other shape).',
    remedy:
      'The step is tried again. If it lasts, check the base URL, then report it with the request id.',
    retryable: true,
    exit: failed,
  },
  reply_too_large: {
    meaning:
      'The provider’s reply is larger than rowmill reads (64 MiB); of a page, even with a single row.',
    remedy: 'Ask for shorter answers in the prompts.',
    retryable: false,
    exit: failed,
  },

  // The table
  rows_refused: {
    meaning:
      'The API refuses more rows than may be left out (5 %, or ten in a row), or takes no more of them.',
    remedy:
      'Nothing was paid. Correct the rows or `rows.map` by the reason of the API, or send fewer rows to one table.',
    retryable: false,
    exit: failed,
  },
  keys_missing: {
    meaning: 'Rows come back without the keys that they were sent with.',
    remedy:
      'Nothing was paid: rows and results could not be matched. Report it with the provider’s name and the table.',
    retryable: false,
    exit: failed,
  },
  table_drifted: {
    meaning: 'The table does not have exactly the rows that it should.',
    remedy:
      'Nothing: the rows are compared and repaired. If it lasts, another user is editing the table.',
    retryable: true,
    exit: failed,
  },
  table_differs: {
    meaning:
      'The lasting table of the pipeline was made for another provider, kind or key column, or for the rows of another file.',
    remedy:
      'Undo the change, give the pipeline another name, or start a new table with `rowmill apply FILE --new-table`: all its cells are paid again.',
    retryable: false,
    exit: usage,
  },
  table_gone: {
    meaning: 'The lasting table of the pipeline is not at the provider any more.',
    remedy:
      'Check which account the token belongs to. If the table was deleted, make a new one with `rowmill apply FILE --new-table`: all its cells are paid again.',
    retryable: false,
    exit: failed,
  },
  inputs_not_kept: {
    meaning: 'Inputs that were changed are read back with other values.',
    remedy:
      'Nothing was asked for. If it lasts, another user is editing the table, or the provider rewrites the values.',
    retryable: true,
    exit: failed,
  },
  pages_unstable: {
    meaning: 'Every scan of the table missed rows, or saw it change.',
    remedy: 'The scan is retried. If it lasts, another user is editing the table while it is read.',
    retryable: true,
    exit: failed,
  },

  // The store and the results
  store_unreadable: {
    meaning: 'A file of the run cannot be read from the store.',
    remedy:
      'Let client and worker share the store: the same ROWMILL_STORE, on S3 or on a shared disk.',
    retryable: false,
    exit: failed,
  },
  store_unwritable: {
    meaning: 'The store cannot be written.',
    remedy: 'Check owner and permissions of ROWMILL_STORE; the step is tried again.',
    retryable: true,
    exit: failed,
  },
  store_unreachable: {
    meaning: 'The S3 server of the store does not answer, throttles, or answers with an error.',
    remedy: 'Check AWS_ENDPOINT_URL and the network; the step is tried again.',
    retryable: true,
    exit: failed,
  },
  store_denied: {
    meaning:
      'The credentials of the store are missing, expired or unknown, or lack the permission that is named.',
    remedy: 'Renew the credentials, or allow what is named; the step is tried again.',
    retryable: true,
    exit: failed,
  },
  store_full: {
    meaning: 'The disk of the store is full.',
    remedy: 'Make room; the step is tried again and nothing is lost.',
    retryable: true,
    exit: failed,
  },
  results_missing: {
    meaning: 'The run has ended, and there are no results of it in this store.',
    remedy: 'See the run’s error; let gateway, commands and workers use the same ROWMILL_STORE.',
    retryable: false,
    exit: failed,
  },
  snapshot_changed: {
    meaning: 'The frozen rows in the store are not the ones this run was started with.',
    remedy: 'Start the run again; do not edit files in the store.',
    retryable: false,
    exit: failed,
  },
  sink_unwritable: {
    meaning: 'The results cannot be written where the pipeline file says.',
    remedy: 'Check the folder’s permissions; `rowmill results RUN` works from the store.',
    retryable: false,
    exit: usage,
  },

  sink_unreachable: {
    meaning:
      'The S3 server of the results does not answer, throttles, or takes the credentials for expired.',
    remedy: 'The step is tried again; `rowmill results RUN` works from the store.',
    retryable: true,
    exit: failed,
  },

  // Messages about runs and schedules
  webhook_failed: {
    meaning: 'A webhook or message was not taken: no answer, or an answer other than 2xx.',
    remedy: 'It is tried again for ten minutes. Then the manifest says so; the run ends as it did.',
    retryable: true,
    exit: failed,
    benign: true,
  },
  webhook_refused: {
    meaning:
      'A webhook or message may not be sent: its address, its secret or its answer forbid it.',
    remedy: 'See docs/guides/webhooks.md; the run itself ends as it did.',
    retryable: false,
    exit: failed,
  },

  // Temporal and this machine
  step_taken_over: {
    meaning:
      'The worker could not reach Temporal, or stood still, for so long that another worker may have the step: it changes nothing any more.',
    remedy: 'Nothing: the step is repeated. If it recurs, see the network from worker to Temporal.',
    retryable: true,
    exit: failed,
    benign: true,
  },
  temporal_unreachable: {
    meaning: 'No Temporal server answers at the address.',
    remedy:
      'Start one (`rowmill dev`; what ran there before goes on), set TEMPORAL_ADDRESS, or run the pipeline with --embedded.',
    retryable: true,
    exit: failed,
  },
  temporal_unavailable_here: {
    meaning: 'No Temporal server could be found, downloaded or built.',
    remedy:
      'Install the `temporal` command, or install Go, or set TEMPORAL_ADDRESS to a running server.',
    retryable: false,
    exit: failed,
  },
  temporal_unsupported: {
    meaning: 'The Temporal server is too old or misses a feature.',
    remedy: 'Use a server of version 1.28 or newer.',
    retryable: false,
    exit: failed,
  },
  payload_key_missing: {
    meaning: 'Temporal holds something that was encrypted with a key that is not here.',
    remedy:
      'Add the key that is named to ROWMILL_PAYLOAD_KEYS, behind the first, and start again (docs/guides/encryption.md).',
    retryable: false,
    exit: account,
  },
  node_too_old: {
    meaning: 'The Node that runs rowmill is older than what it needs.',
    remedy:
      'Install Node 24 (https://nodejs.org). In a checkout, `npm ci` installs one of its own, which `npx rowmill` and `npm run` take.',
    retryable: false,
    exit: usage,
  },
  port_in_use: {
    meaning: 'Another process listens on the port.',
    remedy: 'Choose another port, or stop that process.',
    retryable: false,
    exit: usage,
  },
  run_not_found: {
    meaning: 'There is no such run on this Temporal server.',
    remedy: 'See `rowmill list`; check TEMPORAL_ADDRESS and the namespace.',
    retryable: false,
    exit: usage,
  },
  schedule_not_found: {
    meaning: 'There is no such schedule on this Temporal server.',
    remedy: 'See `rowmill schedule list`; check TEMPORAL_ADDRESS and the namespace.',
    retryable: false,
    exit: usage,
  },
  schedule_conflict: {
    meaning:
      'A schedule of this name exists and is of another file or owner, or none of rowmill’s.',
    remedy: 'Give the pipeline another name, or replace it with --replace (`replace`).',
    retryable: false,
    exit: usage,
  },
  run_conflict: {
    meaning:
      'A run with this id exists with another pipeline or other rows, or has ended so long ago that only the store knows it.',
    remedy: 'Choose another --id, or cancel that run first.',
    retryable: false,
    exit: usage,
  },
  action_refused: {
    meaning: 'The action does not fit the stage the run is in.',
    remedy: 'See `rowmill status RUN`.',
    retryable: false,
    exit: usage,
  },
  run_failed: {
    meaning: 'The run ended without results.',
    remedy: 'See the cause named, and the run in the Temporal UI.',
    retryable: false,
    exit: failed,
  },
  deadline_reached: {
    meaning: 'The run’s deadline came before there was anything to publish.',
    remedy:
      'See the last problem named; raise `run.deadline`, then `rowmill rerun RUN` if it had a table.',
    retryable: false,
    exit: failed,
  },

  // The HTTP gateway
  http_bad_request: {
    meaning: 'The HTTP request is not one the gateway understands (400).',
    remedy: 'See /openapi.json for what is allowed.',
    retryable: false,
    exit: usage,
  },
  http_unauthorized: {
    meaning: 'The request has no token, or one the gateway does not know (401).',
    remedy: 'Send `Authorization: Bearer …` with a token of ROWMILL_GATEWAY_TOKENS.',
    retryable: false,
    exit: account,
  },
  http_timeout: {
    meaning: 'The request did not arrive within a minute (408).',
    remedy: 'Send it again, at once.',
    retryable: true,
    exit: failed,
    benign: true,
  },
  http_not_allowed: {
    meaning: 'The token may not do this (403).',
    remedy: 'Use a token with that scope; the operator of the gateway gives them out.',
    retryable: false,
    exit: account,
  },
  http_forbidden: {
    meaning: 'A gateway without tokens serves this machine only, and no web pages (403).',
    remedy: 'Set ROWMILL_GATEWAY_TOKENS, and send one of them.',
    retryable: false,
    exit: usage,
  },
  http_not_found: {
    meaning: 'The gateway has no such path (404).',
    remedy: 'See /openapi.json for the paths there are.',
    retryable: false,
    exit: usage,
  },
  http_method_not_allowed: {
    meaning: 'The path is there, but not for this method (405).',
    remedy: 'Use a method that the header Allow names.',
    retryable: false,
    exit: usage,
  },
  http_not_acceptable: {
    meaning: 'None of the formats that the request accepts is there (406).',
    remedy: 'Accept one of the types that /openapi.json names, or give ?format=.',
    retryable: false,
    exit: usage,
  },
  http_body_too_large: {
    meaning: 'The body of the request is larger than the gateway reads (413).',
    remedy:
      'Raise ROWMILL_GATEWAY_BODY_LIMIT, or put the rows into a file under ROWMILL_GATEWAY_FILES.',
    retryable: false,
    exit: usage,
  },
  http_headers_too_large: {
    meaning: 'The headers of the request are larger than the gateway reads (431).',
    remedy: 'Send fewer or shorter headers: 16 KiB are read.',
    retryable: false,
    exit: usage,
  },
  http_too_costly: {
    meaning: 'The body takes more time or memory to check than a request may (413).',
    remedy: 'Send a smaller pipeline; put many rows into a file under ROWMILL_GATEWAY_FILES.',
    retryable: false,
    exit: usage,
  },
  http_overloaded: {
    meaning: 'The gateway has more to do than it can; nothing was started (503).',
    remedy: 'Wait as long as the header Retry-After says, and send the request again.',
    retryable: true,
    exit: failed,
    benign: true,
  },
  http_media_type: {
    meaning: 'The content type of the request is not one the gateway reads (415).',
    remedy: 'Send JSON, with `Content-Type: application/json`.',
    retryable: false,
    exit: usage,
  },
  http_range: {
    meaning: 'The results have no such bytes (416).',
    remedy: 'Ask for bytes below the size that the header Content-Range names.',
    retryable: false,
    exit: usage,
  },
  http_rate_limited: {
    meaning: 'More requests a minute than the gateway takes of one token (429).',
    remedy: 'Wait as long as the header Retry-After says; follow runs by their events.',
    retryable: true,
    exit: failed,
    benign: true,
  },
  path_refused: {
    meaning:
      'The pipeline names a file that is not open to it: over HTTP, at the worker, or one that its results would overwrite.',
    remedy:
      'Use a path under ROWMILL_ROOTS of the worker. Over HTTP, send rows inline, leave `results` out, or use a path under ROWMILL_GATEWAY_FILES.',
    retryable: false,
    exit: usage,
  },
  internal: {
    meaning: 'A defect in rowmill. The step is tried a few times, then the run ends.',
    remedy: 'Report it with the text and the version.',
    retryable: true,
    exit: failed,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export const errorEntry = (code: ErrorCode): ErrorEntry => ERRORS[code];

export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(ERRORS, text);

export interface ErrorContext {
  /** Method and path, file:line:column, table, row: where it happened. */
  where?: string | null;
  /** Remedy in place of the table's, when more is known. */
  remedy?: string;
  /** The server asked to wait so long. */
  retryAfterMs?: number;
  /** A request that changes something may have been carried out all the same. */
  ambiguous?: boolean;
  /** The provider's id of the request. */
  requestId?: string;
  cause?: unknown;
}

/** The run that a place begins with. */
const RUN_IN = /^run ([^\s,]+)/;

/** Every error a user can meet: what happened, where, and what to do next. Never contains a secret. */
export class RowmillError extends Error {
  override readonly name = 'RowmillError';
  readonly code: ErrorCode;
  /** Cause of this occurrence, without place and remedy. */
  readonly what: string;
  readonly where: string | null;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  readonly ambiguous: boolean;
  readonly requestId: string | null;

  constructor(code: ErrorCode, what: string, context: ErrorContext = {}) {
    const entry = errorEntry(code);
    const where = context.where ?? null;
    super(where === null ? what : `${where}: ${what}`, { cause: context.cause });
    this.code = code;
    this.what = what;
    this.where = where;
    const run = RUN_IN.exec(where ?? '')?.[1];
    const remedy = context.remedy ?? entry.remedy;
    this.remedy = run === undefined ? remedy : namingRun(remedy, run);
    this.retryable = entry.retryable;
    this.retryAfterMs = context.retryAfterMs ?? null;
    this.ambiguous = context.ambiguous ?? false;
    this.requestId = context.requestId ?? null;
  }

  get exit(): number {
    return errorEntry(this.code).exit;
  }
}
