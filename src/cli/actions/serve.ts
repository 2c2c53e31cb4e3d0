import { once } from 'node:events';
import { startGateway } from '../../gateway/service.ts';
import { gatewaySettings, type GatewayFlags } from '../../gateway/settings.ts';
import type { Cli } from '../io/context.ts';
import { endWhenStuck } from '../run/end-when-stuck.ts';
import { interruption } from '../run/signals.ts';

/** Serves until it is stopped. */
export async function serve(cli: Cli, flags: GatewayFlags): Promise<void> {
  const settings = gatewaySettings(cli.env, flags);
  const stop = interruption();
  const unwatch = endWhenStuck();
  try {
    const gateway = await startGateway(settings, cli.env);
    if (!stop.signal.aborted) await once(stop.signal, 'abort');
    await gateway.stop('asked to stop');
  } finally {
    unwatch();
    stop.release();
  }
}
