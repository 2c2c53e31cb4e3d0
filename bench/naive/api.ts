/** The API as a script calls it: one fetch, no limits, no retries; every request is counted. */
export interface BareApi {
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
  calls: number;
}

export function bareApi(baseUrl: string, token: string): BareApi {
  const send = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    api.calls += 1;
    const reply = await fetch(baseUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${path} answered ${reply.status}`);
    return JSON.parse(text);
  };
  const api: BareApi = {
    get: (path) => send('GET', path),
    post: (path, body) => send('POST', path, body),
    calls: 0,
  };
  return api;
}
