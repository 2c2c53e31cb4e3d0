import { DefaultLogger, type LogEntry, type LogLevel, type Logger } from '@temporalio/worker';
import { pino } from 'pino';

const PINO_LEVEL: Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** Fields that every line includes; the SDK's metadata has more than a reader needs. */
const KEPT = [
  'workflowId',
  'runId',
  'workflowType',
  'activityType',
  'attempt',
  'taskQueue',
  'temporal',
  'namespace',
  'store',
  'health',
  'code',
  'error',
  'sdkComponent',
] as const;

/** Expected warning at every start: the queue of the waits has no workflows on purpose. */
const EXPECTED = 'No workflows registered, not polling for workflow tasks';

/** Formats one JSON object per line, on standard error or at the end of a file. */
export const jsonLines = (level: LogLevel, file?: string) =>
  pino(
    { level: PINO_LEVEL[level], base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination(
      file === undefined
        ? { fd: 2, sync: true }
        : { dest: file, append: true, mkdir: true, mode: 0o600, sync: true },
    ),
  );

/**
 * Creates a logger that writes one JSON object per line, with workflow ids, on standard error or at
 * the end of a file.
 */
export function jsonLogger(level: LogLevel, file?: string): Logger {
  const sink = jsonLines(level, file);
  return new DefaultLogger(level, (entry: LogEntry) => {
    if (entry.message === EXPECTED) return;
    const meta: Record<string, unknown> = entry.meta ?? {};
    const kept = KEPT.flatMap((name) =>
      meta[name] === undefined ? [] : [[name, textOf(meta[name])]],
    );
    sink[PINO_LEVEL[entry.level]](Object.fromEntries(kept), entry.message);
  });
}

const textOf = (value: unknown): unknown => (value instanceof Error ? value.message : value);
