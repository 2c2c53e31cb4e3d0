import { share } from '../oracle/seeded.ts';
import type { RequestRule } from './script.ts';

/** Properties of a request that a rule matches. */
export interface MatchedRequest {
  method: string;
  /** Path without the query. */
  path: string;
  body: unknown;
}

/** State at the time of a request; `ms` since the start of the sandbox. */
export type MatchContext = Record<keyof RequestRule['while'], number>;

interface Pattern {
  /** `null` = any. */
  methods: ReadonlySet<string> | null;
  path: RegExp;
}

/** Decides which requests a rule applies to, by counting them and by the seed. */
export class Trigger {
  readonly rule: RequestRule;
  readonly #draw: (matched: number) => number;
  readonly #patterns: readonly Pattern[];
  #matched = 0;
  #fired = 0;
  #untilMs = -1;
  #letThroughAtMs: number[] = [];

  /** `on`: `METHOD /path` of each request that is meant. */
  constructor(rule: RequestRule, on: readonly string[], seed: number, at: number) {
    this.rule = rule;
    this.#patterns = on.map(pattern);
    this.#draw = (matched) => share(seed, 'request', at, matched);
  }

  /** Counts the request when it is one of the rule's; whether the rule is due for it. */
  due(asked: MatchedRequest, context: MatchContext): boolean {
    if (!this.#isFor(asked, context)) return false;
    this.#matched += 1;
    if (this.#isWithinPace(context.ms)) return false;
    if (context.ms < this.#untilMs) return true;
    const { probability, times } = this.rule;
    if (times !== undefined && this.#fired >= times) return false;
    return this.#isTurn(this.#matched) && this.#draw(this.#matched) < probability;
  }

  /**
   * Checks whether fewer requests than allowed arrived within the last second, and counts this one.
   */
  #isWithinPace(nowMs: number): boolean {
    const { rule } = this;
    if (rule.fault !== 'rate-limit' || rule.above === undefined) return false;
    this.#letThroughAtMs = this.#letThroughAtMs.filter((atMs) => atMs > nowMs - 1_000);
    if (this.#letThroughAtMs.length >= rule.above) return false;
    this.#letThroughAtMs.push(nowMs);
    return true;
  }

  /** Records that the rule was applied. */
  fire({ ms }: MatchContext): void {
    this.#fired += 1;
    if (ms >= this.#untilMs) this.#untilMs = ms + (this.rule.lastsMs ?? 0);
  }

  #isFor({ method, path, body }: MatchedRequest, context: MatchContext): boolean {
    const meant = this.#patterns.some(
      (one) => one.methods?.has(method) !== false && one.path.test(path),
    );
    if (!meant) return false;
    const fields = typeof body === 'object' && body !== null ? body : {};
    const sent = new Map<string, unknown>(Object.entries(fields));
    const wanted = Object.entries(this.rule.where);
    if (!wanted.every(([key, value]) => sent.get(key) === value)) return false;
    const isLonger = ([key, than]: [string, number]): boolean => {
      const list = sent.get(key);
      return Array.isArray(list) && list.length > than;
    };
    if (!Object.entries(this.rule.longer).every(isLonger)) return false;
    const { contains } = this.rule;
    if (contains !== undefined && !JSON.stringify(body ?? null).includes(contains)) return false;
    const { rows, cellsDone, cellsPaid, ms } = this.rule.while;
    const within = (bounds: typeof rows, value: number): boolean =>
      bounds === undefined || (value >= bounds.atLeast && value < bounds.below);
    return (
      within(rows, context.rows) &&
      within(cellsDone, context.cellsDone) &&
      within(cellsPaid, context.cellsPaid) &&
      within(ms, context.ms)
    );
  }

  #isTurn(matched: number): boolean {
    const { nth, every, from = 1, to = Infinity } = this.rule;
    if (nth !== undefined) return [nth].flat().includes(matched);
    if (every !== undefined) return matched % every === 0;
    return matched >= from && matched <= to;
  }
}

function pattern(on: string): Pattern {
  const [methods = '*', path = '/**'] = on.split(' ');
  return {
    methods: methods === '*' ? null : new Set(methods.split('|')),
    path: pathPattern(path),
  };
}

/** `{id}`, `:id` and `*` stand for one part of a path, `**` for any number of them. */
function pathPattern(path: string): RegExp {
  const parts = path
    .split('/')
    .slice(1)
    .map((part) => {
      if (part === '**') return '(/.*)?';
      if (/^(\{[^}]*\}|:.+)$/.test(part)) return '/[^/]+';
      return `/${part.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')}`;
    });
  return new RegExp(`^${parts.join('')}$`);
}
