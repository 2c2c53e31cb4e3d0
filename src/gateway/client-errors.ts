import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { RowmillError } from '../errors.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';

/**
 * Answers what never reaches a route, such as malformed or slow requests, by the error code of
 * Node.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy(error);
    return;
  }
  const problem = problemOf(errorOfClient(error.code), randomUUID());
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${REASON[problem.status] ?? 'Bad Request'}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${problem.requestId}`,
    'Cache-Control: no-store',
    'Connection: close',
  ];
  // The rest of the request is not read.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

const REASON: Readonly<Record<number, string>> = {
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

function errorOfClient(code: string | undefined): RowmillError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new RowmillError('http_timeout', 'the request did not arrive in time');
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new RowmillError('http_headers_too_large', 'the headers are too large');
  }
  return new RowmillError('http_bad_request', 'this is no HTTP request');
}
