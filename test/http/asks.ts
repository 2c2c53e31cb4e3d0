/** Asks the https API of its first argument once, as the environment says, and prints what came. */
import { RowmillError } from '../../src/errors.ts';
import { createHttpClient, type HttpRequest } from '../../src/http/client.ts';
import { proxyOf } from '../../src/http/proxy.ts';

const client = createHttpClient({
  baseUrl: process.argv[2] ?? '',
  headers: () => ({ authorization: 'Bearer a-token' }),
  proxy: proxyOf(process.env),
});
const request: HttpRequest = {
  method: 'POST',
  path: '/v1/tables',
  route: 'POST /v1/tables',
  body: {},
  repeatable: false,
};
const answer = await client.request(request).then(
  ({ json }) => ({ json }),
  (error: unknown) => {
    if (!(error instanceof RowmillError)) throw error;
    const { code, ambiguous, message } = error;
    return { code, ambiguous, message };
  },
);
console.log(JSON.stringify(answer));
await client.close();
