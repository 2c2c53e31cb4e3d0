import type { LogLevel } from '@temporalio/worker';

export const LOG_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const satisfies LogLevel[];

/** Returns the level of that name, in any case; `null` for an unknown one. */
export const logLevelOf = (text: string): LogLevel | null =>
  LOG_LEVELS.find((level) => level === text.toUpperCase()) ?? null;
