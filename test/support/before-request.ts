import { Client, type ConnectionLike, type WorkflowService } from '@temporalio/client';

type Call = (...args: unknown[]) => Promise<unknown>;

/** Returns a client that runs a callback once, before its first request of that kind goes out. */
export function beforeRequest(
  { connection }: Client,
  request: keyof WorkflowService,
  happens: () => Promise<unknown>,
): Client {
  const { workflowService } = connection;
  // Each of them takes a request and gives a promise.
  const send = (workflowService[request] as Call).bind(workflowService);
  let once: Promise<unknown> | undefined;
  const late: Call = async (...args) => {
    await (once ??= happens());
    return send(...args);
  };
  const service = Object.create(workflowService, { [request]: { value: late } }) as object;
  const same = Object.create(connection, { workflowService: { value: service } }) as ConnectionLike;
  return new Client({ connection: same });
}
