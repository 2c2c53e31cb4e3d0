import { setTimeout as sleep } from 'node:timers/promises';
import { APIS, adapterOf } from '../apis.ts';
import type { SandboxCore } from '../engine/core.ts';
import { between } from '../oracle/seeded.ts';
import type { Action, Intercept, Outgoing, Seen } from '../http/intercept.ts';
import { DONE } from '../engine/cells.ts';
import { wallMs, type SandboxState } from '../engine/state.ts';
import { withControlCharacters, withoutFields, withUnknown } from './bodies.ts';
import type { FaultAdapter } from './adapter.ts';
import { withOtherRows } from './pages.ts';
import { withLimit, withUnreadableRows } from './unreadable.ts';
import { denied, errorReply, html, payment, rateLimit, refusedReply } from './replies.ts';
import { isRequestKind } from './request-kinds.ts';
import type { RequestRule, Script } from './script.ts';
import { StatusPast, withOldStatus } from './status-lag.ts';
import { withOtherTables } from './tables.ts';
import { Trigger, type MatchContext } from './trigger.ts';

/** Time between two checks whether credits are due back. */
const LOOK_EVERY_MS = 50;

/** Running fault script: decides the faults of each request, and counts them. */
export class Faults {
  readonly #core: SandboxCore;
  readonly #script: Script;
  readonly #triggers: readonly Trigger[];
  readonly #startedAtMs = performance.now();
  readonly #past: StatusPast | null;
  readonly #closing = new AbortController();
  /** Rules that wait for the reply, by the request's serial. */
  readonly #pending = new Map<number, RequestRule[]>();
  readonly #creditsGoneAtMs = new Map<string, number>();
  readonly #timer: NodeJS.Timeout | null;

  constructor(core: SandboxCore, script: Script) {
    this.#core = core;
    this.#script = script;
    this.#triggers = script.requests.map(
      (rule, at) => new Trigger(rule, requestsOf(rule), script.seed, at),
    );
    this.#past = script.requests.some(({ fault }) => fault === 'status-lag')
      ? new StatusPast()
      : null;
    for (const { name } of script.requests) core.state.ledger.faultHits[name] = 0;
    const comesBack = script.credits.some(({ backAfterMs }) => backAfterMs !== null);
    this.#timer = comesBack
      ? setInterval(() => this.#returnCredits(), LOOK_EVERY_MS).unref()
      : null;
  }

  readonly intercept: Intercept = async (seen) => {
    try {
      return await (seen.phase === 'before' ? this.#before(seen) : this.#after(seen));
    } catch (error) {
      // The sandbox is closing in the middle of a delay.
      if (this.#closing.signal.aborted) return { do: 'reset' };
      throw error;
    }
  };

  close(): void {
    this.#closing.abort();
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async #before(seen: Seen): Promise<Action | undefined> {
    // Chosen before anything is waited for: the order of requests decides, not that of delays.
    const context = this.#core.read((state) => this.#context(state, seen));
    const rules = this.#choose(seen, context);
    const { refusal } = adapterOf(seen.route);
    this.#pending.set(seen.serial, rules);
    for (const rule of rules) {
      if (rule.fault === 'delay' && rule.phase === 'before') await this.#delay(rule, seen);
      const action = actionBefore(rule, refusal);
      if (action === undefined) continue;
      this.#pending.delete(seen.serial);
      return action;
    }
    return undefined;
  }

  /** Selects the due rules of a request, up to the first that ends it. */
  #choose(seen: Seen, context: MatchContext): RequestRule[] {
    const path = seen.url.split('?', 1)[0] ?? '';
    const asked = { method: seen.method, path, body: seen.body };
    const rules: RequestRule[] = [];
    const { refusal } = adapterOf(seen.route);
    let ended = false;
    for (const trigger of this.#triggers) {
      const { rule } = trigger;
      if (!trigger.due(asked, context) || ended) continue;
      trigger.fire(context);
      this.#core.state.ledger.recordHit(rule.name);
      rules.push(rule);
      ended = actionBefore(rule, refusal) !== undefined;
    }
    return rules;
  }

  async #after(seen: Seen): Promise<Action | undefined> {
    const rules = this.#pending.get(seen.serial) ?? [];
    this.#pending.delete(seen.serial);
    const adapter = adapterOf(seen.route);
    this.#core.read((state) => this.#past?.note(adapter.statuses(state, seen), this.#nowMs()));
    const whole = seen.reply;
    if (whole === null || rules.length === 0) return undefined;
    let reply: Outgoing = whole;
    for (const rule of rules) {
      if (rule.fault === 'delay' && rule.phase === 'after') await this.#delay(rule, seen);
      const action = actionAfter(rule, reply, adapter.refusal);
      if (action !== undefined) return action;
      reply = this.#rewritten(rule, reply, seen, adapter);
    }
    return reply === whole ? undefined : { do: 'reply', ...reply };
  }

  #rewritten(rule: RequestRule, reply: Outgoing, seen: Seen, adapter: FaultAdapter): Outgoing {
    switch (rule.fault) {
      case 'content-type':
        return { ...reply, headers: { ...reply.headers, 'content-type': rule.type } };
      case 'empty':
        return { ...reply, body: '' };
      case 'control-characters':
        return withControlCharacters(reply, adapter.prose);
      case 'unknown':
        return withUnknown(reply, rule, adapter.vocabulary);
      case 'compressed': {
        const headers = { ...reply.headers, 'content-encoding': rule.how };
        return { ...reply, headers, encoding: rule.how };
      }
      case 'page-limit':
      case 'unreadable-rows': {
        if (reply.status !== 200) return reply;
        const page = this.#core.read((state) => adapter.page(state, seen));
        if (page === null) return reply;
        return rule.fault === 'page-limit'
          ? withLimit(reply, page, rule, adapter.refusal)
          : withUnreadableRows(reply, page, rule, adapter.refusal);
      }
      case 'pages': {
        if (reply.status !== 200) return reply;
        const page = this.#core.read((state) => adapter.page(state, seen));
        return page === null
          ? reply
          : withOtherRows(reply, page, rule, this.#script.seed, seen.serial);
      }
      case 'tables':
        return withOtherTables(reply, rule, (time) =>
          this.#core.read((state) => wallMs(state) - Date.parse(time)),
        );
      case 'unmarked':
        return withoutFields(reply, adapter.marks);
      case 'status-lag': {
        const shown = adapter.statusIn(seen);
        if (shown === null) return reply;
        const old = this.#past?.at(shown.id, this.#nowMs() - rule.ms) ?? null;
        return withOldStatus(reply, shown, old, rule.counts);
      }
      default:
        return reply;
    }
  }

  async #delay({ ms }: Extract<RequestRule, { fault: 'delay' }>, { serial }: Seen): Promise<void> {
    const waitMs =
      typeof ms === 'number' ? ms : between(ms.min, ms.max, this.#script.seed, 'delay', serial);
    await sleep(waitMs, undefined, { ref: false, signal: this.#closing.signal });
  }

  #context(state: SandboxState, seen: Seen): MatchContext {
    const tables = adapterOf(seen.route).tables(state, seen) ?? [...state.tables.values()];
    const context = { rows: 0, cellsDone: 0, cellsPaid: 0, ms: this.#nowMs() };
    for (const { live, counts, account } of tables) {
      context.rows += live.length;
      context.cellsDone += counts[DONE] ?? 0;
      context.cellsPaid += account.cellsPaid;
    }
    return context;
  }

  #nowMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  /** Tops the account up again. */
  #returnCredits(): void {
    for (const rule of this.#script.credits) {
      if (!this.#core.state.creditsTaken.has(rule.name) || rule.backAfterMs === null) continue;
      const goneAtMs = this.#creditsGoneAtMs.get(rule.name) ?? this.#nowMs();
      this.#creditsGoneAtMs.set(rule.name, goneAtMs);
      if (this.#nowMs() - goneAtMs < rule.backAfterMs) continue;
      this.#core.execute('returnCredits', { rule: rule.name });
    }
  }
}

/** Returns `METHOD /path` of each request that a rule applies to, of any API. */
const requestsOf = ({ on }: RequestRule): readonly string[] =>
  isRequestKind(on) ? APIS.flatMap(({ adapter }) => adapter.requests[on]) : [on];

type Refusal = FaultAdapter['refusal'];

/** Returns the action in place of the request; `undefined` = the request is executed. */
function actionBefore(rule: RequestRule, refusal: Refusal): Action | undefined {
  switch (rule.fault) {
    case 'reset':
      return rule.phase === 'before' ? { do: 'reset' } : undefined;
    case 'late': {
      const { afterMs, then } = rule;
      return { do: 'late', afterMs, then: then === 'reset' ? 'reset' : html(then) };
    }
    case 'error':
      return rule.phase === 'before' ? { do: 'reply', ...errorReply(rule, refusal) } : undefined;
    case 'refuse':
      return { do: 'reply', ...refusedReply(rule, refusal) };
    case 'rate-limit':
      return { do: 'reply', ...rateLimit(rule, refusal) };
    case 'payment':
      return { do: 'reply', ...payment(rule, refusal) };
    case 'denied':
      return { do: 'reply', ...denied(rule, refusal) };
    default:
      return undefined;
  }
}

/** Returns the action that loses the reply; `undefined` = the reply arrives, perhaps rewritten. */
function actionAfter(rule: RequestRule, reply: Outgoing, refusal: Refusal): Action | undefined {
  switch (rule.fault) {
    case 'reset':
      return { do: 'reset' };
    case 'error':
      return { do: 'reply', ...errorReply(rule, refusal) };
    case 'truncate':
      return { do: 'truncate', bytes: rule.bytes, of: reply };
    case 'slow-body': {
      const { bytes, everyMs, atMostMs, then } = rule;
      return { do: 'slow-body', pace: { bytes, everyMs, atMostMs, then }, of: reply };
    }
    default:
      return undefined;
  }
}
