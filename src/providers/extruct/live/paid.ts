import type { JsonObject } from '../../../contract/json.ts';
import { objectOf, textOf } from '../../fields.ts';
import { differs, holds, needed, noted, open, type Answer, type Probe } from '../../live-check.ts';
import { isRefusal, seconds } from '../../live-http.ts';
import { briefly } from '../../live-run.ts';
import type { CallContext } from '../../provider.ts';
import { AGENT_TYPES } from '../column-configs.ts';
import { agentKind } from '../spec.ts';
import { AGENT_KEY, columnsIn, stateOf, type Bench, type Watched } from './bench.ts';
import { runAndWatch, type Scope } from './watch.ts';

/** Assumed maximum credits of a cell before its price was observed. */
const MAX_CELL_CREDITS = 2;

const PROFILE = 'company_profile';
const AUTOMATIC = [PROFILE, 'company_name', 'company_website'];
const LINKEDIN = 'doctor_linkedin';
const UNKNOWN_COMPANY = 'https://www.linkedin.com/company/rowmill-doctor-nobody-has-this-name/';

/** Bounds for a plausible answer; beyond them the check stops asking. */
interface Shared {
  profile: Watched | null;
  agent: Watched | null;
  failed: boolean;
}

export function paidProbes(bench: Bench): Probe[] {
  const shared: Shared = { profile: null, agent: null, failed: false };
  return [
    ...scopes(bench, shared),
    ...prices(bench, shared),
    ...failures(bench, shared),
    along(bench),
  ];
}

const automaticPrice = ({ prices: { automatic } }: Bench): number => automatic ?? MAX_CELL_CREDITS;
const agentPrice = ({ prices: { agent } }: Bench): number => agent ?? MAX_CELL_CREDITS;

/** Sends every paid request. */
async function run(bench: Bench, ctx: CallContext, scope: Scope, agents: number): Promise<Watched> {
  needed(bench.balance, 'without a balance nothing is asked that costs');
  if (bench.stopped !== null) needed(null, bench.stopped);
  bench.agentCells += agents;
  const watched = await runAndWatch(bench, ctx, scope);
  if (watched.endedAfterMs === null) {
    bench.stopped = `cells were not done within ${seconds(bench.pace.waitMs)}`;
  }
  return watched;
}

const scopes = (bench: Bench, shared: Shared): Probe[] => [
  {
    name: 'automatic-scope',
    question: 'Can a run name an automatic column?',
    expected: 'it runs',
    means:
      'A run names all computed columns. Where that is refused, it is sent without the automatic ones.',
    max: () => automaticPrice(bench),
    async ask(ctx) {
      try {
        shared.profile = await run(bench, ctx, { mode: 'new', keys: [PROFILE], row: 0 }, 0);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return differs(`refused: ${briefly(error)}`);
      }
      const state = stateOf((await bench.readRows(ctx)).get(bench.row(0)), PROFILE);
      if (state === 'done' || state === 'failed') return holds(`it runs (${state})`);
      return differs(`taken, and the cell is ${state}`);
    },
  },
  {
    name: 'row-scope',
    question: 'Does a run leave other rows and columns alone?',
    expected: 'nothing else runs',
    means:
      'A run asks for more than it names, and all of it is paid. Nothing else that costs is asked here.',
    max: () => 0,
    async ask(ctx) {
      needed(shared.profile, 'no run was made');
      const rows = await bench.readRows(ctx);
      const others = [
        ...started(rows.get(bench.row(1))).map((key) => `${key} of the other row`),
        ...started(rows.get(bench.row(0))).filter((key) => key !== PROFILE),
      ];
      if (others.length === 0) return holds('nothing else');
      bench.stopped = 'a run asked for more than it named';
      return differs(`ran as well: ${others.join(', ')}`);
    },
  },
  {
    name: 'requested-cells',
    question: 'Does the reply to a run say how many cells it asks for?',
    expected: 'as many as were named',
    means:
      'The number is held against what was approved; without it, or with another one, the table itself is read.',
    max: () => 0,
    ask() {
      const { requested } = needed(shared.profile, 'no run was made');
      if (requested === 1) return Promise.resolve(holds('1 for 1'));
      return Promise.resolve(differs(requested === null ? 'no number' : `${requested} for 1`));
    },
  },
  {
    name: 'seen-running',
    question: 'How long after its request does the status show a run?',
    expected: null,
    means: '',
    max: () => 0,
    ask() {
      const { runningAfterMs } = needed(shared.profile, 'no run was made');
      const found =
        runningAfterMs === null ? 'never seen running' : `after ${seconds(runningAfterMs)}`;
      return Promise.resolve(noted(found));
    },
  },
];

const prices = (bench: Bench, shared: Shared): Probe[] => [
  {
    name: 'automatic-price',
    question: 'What does a cell of an automatic column cost?',
    expected: 'nothing',
    means: 'The estimate counts the automatic cells from now on, three a row of a company table.',
    max: () => 0,
    async ask() {
      const { lost } = needed(shared.profile, 'no run was made');
      if (bench.stopped !== null) return open(`cannot be distinguished: ${bench.stopped}`);
      bench.prices.automatic = lost;
      const credits = Object.fromEntries(AUTOMATIC.map((key) => [key, lost]));
      return Promise.resolve(
        lost === 0 ? holds('nothing', { credits }) : differs(creditsText(lost), { credits }),
      );
    },
  },
  {
    name: 'agent-price',
    question: 'What does a cell of an agent cost?',
    expected: '1 credit',
    means:
      'The estimate counts agent cells at this price from now on (times spend.creditsPerCell).',
    max: () => (shared.profile === null ? 3 : 2) * automaticPrice(bench) + agentPrice(bench),
    ask: (ctx) => askAgentPrice(bench, shared, ctx),
  },
  {
    name: 'requested-in-progress',
    question: 'Are cells that wait (`requested`) counted as in progress?',
    expected: null,
    means: '',
    max: () => 0,
    ask() {
      const counts = shared.agent?.countsRequested ?? shared.profile?.countsRequested ?? null;
      if (counts === null) return Promise.resolve(open('never seen waiting alone'));
      return Promise.resolve(noted(counts ? 'yes' : 'no'));
    },
  },
];

async function askAgentPrice(bench: Bench, shared: Shared, ctx: CallContext): Promise<Answer> {
  const isNamed = shared.profile !== null;
  const keys = [...(isNamed ? AUTOMATIC.slice(1) : []), AGENT_KEY];
  const before = (await bench.readRows(ctx)).get(bench.row(0));
  const watched = await run(bench, ctx, { mode: 'new', keys, row: 0 }, 1);
  shared.agent = watched;
  const after = (await bench.readRows(ctx)).get(bench.row(0));
  const state = stateOf(after, AGENT_KEY);
  if (state !== 'done') return open(`the cell is ${state}`);
  const automatic = AUTOMATIC.filter(
    (key) => stateOf(before, key) === 'created' && stateOf(after, key) !== 'created',
  ).length;
  const price = watched.lost - automatic * (bench.prices.automatic ?? 0);
  if (!isNamed && watched.lost > 1)
    return open(`${creditsText(watched.lost)} for 1 agent and ${automatic} automatic cells`);
  if (price < 0) return open('the balance and the cells do not fit each other');
  bench.prices.agent = price;
  const learned = { credits: agentCredits(price) };
  return price === 1 ? holds('1 credit', learned) : differs(creditsText(price), learned);
}

/**
 * Only one kind of agent was observed. A higher price is assumed for all kinds, a lower one is not.
 */
const agentCredits = (price: number): Record<string, number> =>
  Object.fromEntries(
    ['agent_llm', ...(price > 1 ? [...AGENT_TYPES.map(agentKind), 'people_agent'] : [])].map(
      (kind) => [kind, price],
    ),
  );

const failures = (bench: Bench, shared: Shared): Probe[] => [
  {
    name: 'failed-price',
    question: 'Is a cell that fails paid?',
    expected: null,
    means: '',
    max: () => agentPrice(bench),
    async ask(ctx) {
      needed(bench.prices.agent, 'no price is known');
      const { json } = await bench.post(ctx, `${bench.table}/columns`, {
        column_configs: [alwaysFailing()],
      });
      const made = Array.isArray(json) ? { columns: json } : objectOf(json);
      for (const { key, id } of columnsIn(made)) bench.columns.set(key, id);
      const watched = await run(bench, ctx, { mode: 'new', keys: [LINKEDIN], row: 0 }, 1);
      const state = await linkedinState(bench, ctx);
      shared.failed = state === 'failed';
      if (!shared.failed) return open(`a senseless address does not fail: the cell is ${state}`);
      return noted(watched.lost > 0 ? `yes, ${creditsText(watched.lost)}` : 'no');
    },
  },
  {
    name: 'new-takes-failed',
    question: 'Does a run of mode new ask for failed cells as well?',
    expected: 'no: they stay failed',
    means: 'A run names its cells whenever something has failed before, so nothing is paid twice.',
    max: () => agentPrice(bench),
    ask: (ctx) => askFailed(bench, shared, ctx, 'new'),
  },
  {
    name: 'failed-mode',
    question: 'Does a run of mode failed ask for failed cells?',
    expected: 'yes',
    means:
      'Failed cells cannot be asked for again: reruns would bring nothing. Set run.failedPasses to 0.',
    max: () => agentPrice(bench),
    ask: (ctx) => askFailed(bench, shared, ctx, 'failed'),
  },
];

async function askFailed(
  bench: Bench,
  shared: Shared,
  ctx: CallContext,
  mode: Scope['mode'],
): Promise<Answer> {
  if (!shared.failed) needed(null, 'no cell has failed');
  const before = await linkedinCell(bench, ctx);
  const { requested, lost } = await run(
    bench,
    ctx,
    { mode, keys: [LINKEDIN], row: 0, again: true },
    1,
  );
  const after = await linkedinCell(bench, ctx);
  const ran =
    (requested ?? 0) > 0 ||
    lost > 0 ||
    textOf(before['updated_at']) !== textOf(after['updated_at']);
  if (!ran) bench.agentCells -= 1;
  shared.failed = textOf(after['status']).toLowerCase() === 'failed';
  const found = ran ? 'yes' : 'no: it stays failed';
  if (mode === 'new') return ran ? differs('yes') : holds('no: they stay failed');
  return ran ? holds(found) : differs(found);
}

const along = (bench: Bench): Probe => ({
  name: 'automatic-along',
  question: 'Do automatic columns run along with an agent column that waits for them?',
  expected: null,
  means: '',
  max: () => AUTOMATIC.length * automaticPrice(bench) + agentPrice(bench),
  async ask(ctx) {
    needed(bench.prices.agent, 'no price is known');
    await run(bench, ctx, { mode: 'new', keys: [AGENT_KEY], row: 1 }, 1);
    const cells = (await bench.readRows(ctx)).get(bench.row(1));
    const ran = AUTOMATIC.filter((key) => stateOf(cells, key) !== 'created');
    if (ran.length === 0) bench.agentCells -= stateOf(cells, AGENT_KEY) === 'done' ? 0 : 1;
    return noted(ran.length === 0 ? 'no: only what is named' : `yes: ${ran.join(', ')}`);
  },
});

const alwaysFailing = (): JsonObject => ({
  kind: 'agent',
  key: LINKEDIN,
  name: 'Doctor LinkedIn',
  value: { agent_type: 'linkedin', prompt: UNKNOWN_COMPANY, output_format: 'text' },
});

const started = (cells: JsonObject | undefined): string[] =>
  Object.keys(cells ?? {}).filter((key) => key !== 'input' && stateOf(cells, key) !== 'created');

const linkedinCell = async (bench: Bench, ctx: CallContext): Promise<JsonObject> =>
  objectOf((await bench.readRows(ctx)).get(bench.row(0))?.[LINKEDIN]);

const linkedinState = async (bench: Bench, ctx: CallContext): Promise<string> =>
  textOf((await linkedinCell(bench, ctx))['status']).toLowerCase() || 'created';

const creditsText = (credits: number): string =>
  credits === 1 ? '1 credit' : `${credits} credits`;
