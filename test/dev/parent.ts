/**
 * A process that a test kills: starts a server with the options of its first argument, prints
 * where it is, and stays.
 */
import { startTemporalServer, type TemporalServerOptions } from '../../src/dev/temporal/server.ts';

// The test that wrote the argument knows the type.
const options = JSON.parse(process.argv[2] ?? '{}') as TemporalServerOptions;
const { address, pid, reused } = await startTemporalServer(options);
console.log(JSON.stringify({ address, pid, reused }));
setInterval(() => undefined, 60_000);
