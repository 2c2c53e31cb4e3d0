import type { LogLevel } from '@temporalio/worker';
import { RowmillError } from '../errors.ts';
import { LOG_LEVELS, logLevelOf } from '../process/log-levels.ts';
import { tokensOf, type Token } from './tokens.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** Settings of a gateway from its environment and flags. */
export interface GatewaySettings {
  host: string;
  /** Port; 0: any free one. */
  port: number;
  /** Accepted tokens with their grants; empty: any caller on this machine, with all scopes. */
  tokens: Token[];
  /** Origins of the web pages that may use the codec, such as the Temporal UI's. */
  codecOrigins: string[];
  /** Folder in which pipelines may name files; `null`: none. */
  files: string | null;
  /** Maximum bytes of a request's body. */
  bodyLimit: number;
  /** Requests per minute and token. */
  rate: number;
  logLevel: LogLevel;
}

export interface GatewayFlags {
  host?: string | undefined;
  port?: string | undefined;
}

/** Variables of `rowmill serve`, with their defaults; docs/guides/gateway.md explains them. */
export const GATEWAY_VARIABLES = {
  ROWMILL_GATEWAY_HOST: '127.0.0.1',
  ROWMILL_GATEWAY_PORT: '8080',
  ROWMILL_GATEWAY_TOKENS: '',
  ROWMILL_GATEWAY_TOKENS_FILE: '',
  ROWMILL_GATEWAY_CODEC_ORIGINS: '',
  ROWMILL_GATEWAY_FILES: '',
  ROWMILL_GATEWAY_BODY_LIMIT: String(16 * 1024 * 1024),
  ROWMILL_GATEWAY_RATE: '600',
  ROWMILL_LOG_LEVEL: 'info',
} as const;

type Variable = keyof typeof GATEWAY_VARIABLES;

const MAX_PORT = 65_535;
const MAX_BODY = 1024 * 1024 * 1024;

/** Reads the settings. @throws RowmillError `usage`, naming the flag or the variable */
export function gatewaySettings(env: Env, flags: GatewayFlags = {}): GatewaySettings {
  const text = (name: Variable): string => env[name]?.trim() || GATEWAY_VARIABLES[name];
  const whole = (given: string, where: string, max: number): number => {
    if (/^\d{1,10}$/.test(given) && Number(given) <= max) return Number(given);
    throw refused(where, `"${given.slice(0, 40)}" is not allowed`, `Give a number up to ${max}.`);
  };
  const host = flags.host?.trim() || text('ROWMILL_GATEWAY_HOST');
  const port = flags.port?.trim();
  const settings: GatewaySettings = {
    host,
    port: port
      ? whole(port, '--port', MAX_PORT)
      : whole(text('ROWMILL_GATEWAY_PORT'), 'ROWMILL_GATEWAY_PORT', MAX_PORT),
    tokens: tokensOf(text('ROWMILL_GATEWAY_TOKENS'), text('ROWMILL_GATEWAY_TOKENS_FILE')),
    codecOrigins: originsOf(text('ROWMILL_GATEWAY_CODEC_ORIGINS')),
    files: text('ROWMILL_GATEWAY_FILES') || null,
    bodyLimit: Math.max(
      1,
      whole(text('ROWMILL_GATEWAY_BODY_LIMIT'), 'ROWMILL_GATEWAY_BODY_LIMIT', MAX_BODY),
    ),
    rate: Math.max(1, whole(text('ROWMILL_GATEWAY_RATE'), 'ROWMILL_GATEWAY_RATE', 1_000_000)),
    logLevel: levelOf(text('ROWMILL_LOG_LEVEL')),
  };
  if (settings.tokens.length === 0 && !isLoopback(host)) {
    throw refused(
      '--host',
      `"${host}" can be reached from other machines, and there is no token`,
      'Set ROWMILL_GATEWAY_TOKENS (or ROWMILL_GATEWAY_TOKENS_FILE), or listen on 127.0.0.1.',
    );
  }
  return settings;
}

/** Parses origins as a browser sends them. @throws RowmillError `usage` */
function originsOf(text: string): string[] {
  const origins = text
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '');
  const wrong = origins.find((origin) => URL.parse(origin)?.origin !== origin || origin === 'null');
  if (wrong === undefined) return origins;
  throw refused(
    'ROWMILL_GATEWAY_CODEC_ORIGINS',
    `"${wrong.slice(0, 200)}" is no origin`,
    'Give scheme, host and port alone, such as https://temporal.example.com.',
  );
}

/** Checks that only this machine can reach the host. */
export const isLoopback = (host: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);

function levelOf(text: string): LogLevel {
  const level = logLevelOf(text);
  if (level !== null) return level;
  const allowed = LOG_LEVELS.map((name) => name.toLowerCase()).join(', ');
  throw refused('ROWMILL_LOG_LEVEL', `"${text.slice(0, 40)}" is not allowed`, `Give ${allowed}.`);
}

const refused = (where: string, what: string, remedy: string): RowmillError =>
  new RowmillError('usage', what, { where, remedy });
