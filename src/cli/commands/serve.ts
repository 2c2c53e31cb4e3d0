import type { Command } from 'commander';
import type { Cli } from '../io/context.ts';

export function addServe(program: Command, cli: Cli): void {
  program
    .command('serve')
    .summary('the HTTP gateway: start and follow runs from any backend')
    .description(
      'Serve the HTTP API until it is stopped: POST /v1/runs with an Idempotency-Key, progress as ' +
        'events, results as JSON Lines or CSV. Needs no secret of the provider. SIGTERM or Ctrl-C ' +
        'answers what is in progress, and the process ends with 0.',
    )
    .option('--port <port>', 'to listen on (ROWMILL_GATEWAY_PORT, 8080); 0: any free one')
    .option('--host <host>', 'address to listen on (ROWMILL_GATEWAY_HOST, 127.0.0.1)')
    .addHelpText(
      'after',
      `
Environment: ROWMILL_GATEWAY_TOKENS or ROWMILL_GATEWAY_TOKENS_FILE (needed to listen beyond this
machine), ROWMILL_GATEWAY_FILES, ROWMILL_GATEWAY_BODY_LIMIT, ROWMILL_GATEWAY_RATE; ROWMILL_STORE,
ROWMILL_TASK_QUEUE and TEMPORAL_* as for the worker; ROWMILL_LOG_LEVEL.

Examples:
  rowmill serve
  ROWMILL_GATEWAY_TOKENS=$(openssl rand -hex 24) rowmill serve --host 0.0.0.0
  curl -s http://127.0.0.1:8080/openapi.json`,
    )
    .action(async (flags: { port?: string; host?: string }) => {
      const { serve } = await import('../actions/serve.ts');
      await serve(cli, flags);
    });
}
