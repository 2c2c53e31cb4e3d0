import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';

/** A fault instead of an answer. */
export type S3FaultScript =
  | {
      status: number;
      code: string;
      message?: string;
      headers?: Record<string, string>;
      body?: string;
    }
  /** The connection breaks after so many bytes of the request's body. */
  | { cutUploadAfter: number }
  /** The connection breaks after so many bytes of the answer's body. */
  | { cutAnswerAfter: number };

export interface S3Request {
  method: string;
  /** Path with the query. */
  url: string;
  accessKey: string | null;
}

export interface S3Proxy {
  url: string;
  /** Requests so far. */
  readonly requests: S3Request[];
  /** Chooses a fault for a request; `null`: it is forwarded. */
  fault: (request: S3Request) => S3FaultScript | null;
  close(): Promise<void>;
}

/** Stands between the AWS SDK and a real S3 server, and makes it misbehave. */
export async function startS3Proxy(target: string): Promise<S3Proxy> {
  const to = new URL(target);
  const requests: S3Request[] = [];
  const server = createServer((incoming, answer) => {
    const seen = seenIn(incoming);
    requests.push(seen);
    const fault = proxy.fault(seen);
    if (fault !== null && 'status' in fault) refuse(incoming, answer, fault);
    else if (fault !== null && 'cutUploadAfter' in fault) cutUpload(incoming, fault.cutUploadAfter);
    else forward(to, incoming, answer, fault?.cutAnswerAfter ?? Infinity);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const proxy: S3Proxy = {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    fault: () => null,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return proxy;
}

const seenIn = ({ method = '', url = '', headers }: IncomingMessage): S3Request => ({
  method,
  url,
  accessKey: /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1] ?? null,
});

function refuse(
  incoming: IncomingMessage,
  answer: ServerResponse,
  fault: Extract<S3FaultScript, { status: number }>,
): void {
  const { status, code, message = code, headers = {}, body } = fault;
  incoming.resume();
  incoming.once('end', () => {
    answer.writeHead(status, { 'content-type': 'application/xml', ...headers });
    answer.end(
      body ??
        `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
    );
  });
}

function cutUpload(incoming: IncomingMessage, after: number): void {
  let bytes = 0;
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes >= after) incoming.socket.destroy();
  });
}

function forward(
  to: URL,
  incoming: IncomingMessage,
  answer: ServerResponse,
  cutAfter: number,
): void {
  const { method, url, headers } = incoming;
  const options = { host: to.hostname, port: to.port, method, path: url, headers };
  const outgoing = request(options, (reply) => {
    answer.writeHead(reply.statusCode ?? 500, reply.headers);
    let bytes = 0;
    reply.on('data', (chunk: Buffer) => {
      const left = Math.max(0, cutAfter - bytes);
      bytes += chunk.length;
      answer.write(chunk.subarray(0, left), () => {
        if (bytes > cutAfter) answer.destroy();
      });
    });
    reply.once('end', () => answer.end());
  });
  outgoing.on('error', () => answer.destroy());
  incoming.pipe(outgoing);
}
