import { createServer } from '../../../sandbox/http/server.ts';
import {
  openEmbeddedSandbox,
  type Action,
  type EmbeddedSandbox,
  type Intercept,
  type SandboxOptions,
} from '../../../sandbox/index.ts';
import type { Transmission } from './machine/network.ts';
import type { Arrived, Stage } from './machine/stage.ts';

/** The real sandbox on a simulated network: a broken connection is a mark on the reply, no event of a socket. */
export interface SimulatedApi {
  backstage: EmbeddedSandbox;
  network: Stage['network'];
  /** Ends the faults: from now on no request meets one. */
  calm: () => void;
  close: () => Promise<void>;
}

const MARK = 'x-simulated-transmission';

export async function openApi(options: SandboxOptions): Promise<SimulatedApi> {
  const backstage = await openEmbeddedSandbox(options);
  const { core, ledger, intercept } = backstage;
  const transmissions = new Map<string, Transmission>();
  let serial = 0;
  let isCalm = false;

  /** The reply goes through the server as it is, with a mark of its fault on the way. */
  const marked = (transmission: Transmission): Action => {
    const mark = String((serial += 1));
    transmissions.set(mark, transmission);
    return { do: 'reply', status: 200, headers: { [MARK]: mark }, body: '' };
  };
  const translated: Intercept = async (seen) => {
    const action = isCalm ? undefined : await intercept?.(seen);
    if (action === undefined || action.do === 'reply') return action;
    if (action.do === 'late' && action.then !== 'reset') return action;
    if (action.do === 'late') return { ...action, then: outgoing(marked(RESET)) };
    return marked(transmissionOf(action, seen.reply));
  };

  const app = createServer({ core, report: ledger, token: options.token, intercept: translated });
  await app.ready();
  return {
    backstage,
    network: async ({ method, path, headers, body }: Arrived) => {
      const response = await app.inject({
        // One of the four that the HTTP client sends.
        method: method as 'GET' | 'POST' | 'PATCH' | 'DELETE',
        url: path,
        headers,
        ...(body === undefined ? {} : { payload: body }),
      });
      const mark = response.headers[MARK];
      const reported = typeof mark === 'string' ? transmissions.get(mark) : undefined;
      if (reported !== undefined) return reported;
      const sent = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
      const reply = {
        status: response.statusCode,
        headers: Object.fromEntries(sent) as Record<string, string>,
        body: response.rawPayload,
      };
      return { how: 'whole', reply };
    },
    calm: () => {
      isCalm = true;
    },
    close: async () => {
      backstage.cancelDelays();
      await app.close();
      backstage.close();
    },
  };
}

const NOTHING = { status: 200, headers: {}, body: '' };
const RESET: Transmission = { how: 'reset', reply: NOTHING };

const outgoing = (action: Action) => {
  if (action.do !== 'reply') throw new Error('not a reply');
  const { status, headers, body } = action;
  return { status, headers, body };
};

function transmissionOf(action: Action, reply: Transmission['reply'] | null): Transmission {
  switch (action.do) {
    case 'truncate': {
      const whole = action.of ?? reply;
      return whole === null ? RESET : { how: 'cut', reply: whole, bytes: action.bytes };
    }
    case 'slow-body':
      return { how: 'slow-body', reply: action.of, pace: action.pace };
    case 'reset':
      return RESET;
    default:
      throw new Error(`cannot be simulated: ${action.do}`);
  }
}
