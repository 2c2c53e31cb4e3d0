import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/index.ts';
import type {
  RowOutput,
  RunOutput,
  TableData,
  TableHeader,
  TableStatus,
  TableWithStatus,
} from '../../sandbox/index.ts';

export interface Reply<T> {
  status: number;
  headers: Headers;
  body: T;
}

export interface Refusal {
  detail: unknown;
}

/** A sandbox whose clock is turned by hand, and a client that sends what a test gives it. */
export class Caller {
  readonly sandbox: Sandbox;
  readonly #time: { realMs: number };

  private constructor(sandbox: Sandbox, time: { realMs: number }) {
    this.sandbox = sandbox;
    this.#time = time;
  }

  static async start(options: Partial<SandboxOptions> = {}): Promise<Caller> {
    const time = { realMs: 0 };
    const sandbox = await startSandbox({
      token: 'secret',
      failRate: 0,
      alwaysFailsRate: 0,
      statusLagMs: 0,
      realMs: () => time.realMs,
      ...options,
    });
    return new Caller(sandbox, time);
  }

  pass(realMs: number): void {
    this.#time.realMs += realMs;
  }

  async call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = { authorization: 'Bearer secret' },
  ): Promise<Reply<T>> {
    const sent =
      body === undefined
        ? { headers }
        : {
            headers: { 'content-type': 'application/json', ...headers },
            body: typeof body === 'string' ? body : JSON.stringify(body),
          };
    const reply = await fetch(this.sandbox.url + path, { method, ...sent });
    // What the reply must hold is what the test looks at.
    return { status: reply.status, headers: reply.headers, body: (await reply.json()) as T };
  }

  async table(columns: unknown[], inputs: string[] = [], more: object = {}): Promise<TableHeader> {
    const request = { name: 'Companies', column_configs: columns, ...more };
    const { body } = await this.call<TableHeader>('POST', '/v1/tables', request);
    if (inputs.length > 0) await this.addRows(body.id, inputs);
    return body;
  }

  async addRows(tableId: string, inputs: string[], run = false): Promise<RowOutput[]> {
    const rows = inputs.map((input) => ({ data: { input } }));
    return (await this.call<RowOutput[]>('POST', `/v1/tables/${tableId}/rows`, { rows, run })).body;
  }

  run(tableId: string, request: object = {}): Promise<Reply<RunOutput>> {
    return this.call('POST', `/v1/tables/${tableId}/run`, request);
  }

  async status(tableId: string): Promise<TableStatus> {
    return (await this.call<TableWithStatus>('GET', `/v1/tables/${tableId}`)).body.status;
  }

  async rows(tableId: string, query = ''): Promise<RowOutput[]> {
    return (await this.call<TableData>('GET', `/v1/tables/${tableId}/data${query}`)).body.rows;
  }

  /** Status words of one column, in the order of the rows. */
  async column(tableId: string, key: string): Promise<string[]> {
    return (await this.rows(tableId)).map(({ data }) => data[key]?.status ?? 'missing');
  }
}

export const agent = (key: string, prompt: string, value: object = {}): object => ({
  kind: 'agent',
  key,
  name: key,
  value: { prompt, ...value },
});

export const SECTOR = agent('sector', 'Which GICS sector is {company_name} in?');
export const CITY = agent('city', 'In which city is {company_name} headquartered?');
/** Depends on SECTOR. */
export const PITCH = agent('pitch', 'Write one line to {company_name}, in {sector}.');
