import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { bareApi } from '../naive/api.ts';
import { plainActivities } from './activities.ts';
import type { PlainWorkerSettings } from './peers.ts';

/** A worker as the samples start it; says `up` in one line, and ends on SIGTERM. */
const [, , given = '{}'] = process.argv;
// Given by plainWorker in this shape.
const { temporal, taskQueue, apiUrl, token, folder } = JSON.parse(given) as PlainWorkerSettings;
Runtime.install({ logger: new DefaultLogger('ERROR') });
const connection = await NativeConnection.connect({ address: temporal });
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowsPath: fileURLToPath(new URL('workflow.js', import.meta.url)),
  activities: plainActivities(bareApi(apiUrl, token), folder),
});
const running = worker.run();
console.log('up');
await running;
await connection.close();
