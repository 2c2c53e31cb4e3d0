import type { CompanyFact } from './facts.ts';
import { between, hash32, type Part } from './seeded.ts';

/** Question that the list of facts answers. */
export type Question =
  | 'subIndustry'
  | 'sector'
  | 'cik'
  | 'ticker'
  | 'dateAdded'
  | 'founded'
  | 'city'
  | 'state'
  | 'headquarters';

/** The first that matches counts: "sub-industry" before "sector", "city" before "headquarters". */
const WORDS: readonly (readonly [Question, RegExp])[] = [
  ['subIndustry', /\bsub[-_ ]?industry\b/i],
  ['sector', /\bsector\b/i],
  ['cik', /\bcik\b/i],
  ['ticker', /\b(ticker|stock[-_ ]symbol|symbol)\b/i],
  ['dateAdded', /\bdate[-_ ]added\b|\b(added to|join(ed)?) the (s&p|index)/i],
  ['founded', /\b(founded|founding|foundation year)\b/i],
  ['city', /\bcity\b/i],
  [
    'state',
    /\b(which|what|us|u\.s\.|city and|hq) state\b|\bstate or country\b|^state$|\bcountry\b/i,
  ],
  ['headquarters', /\b(headquarter(s|ed)?|head office|hq)\b/i],
];

/** Matches prompts for prose, with any further words. */
const PROSE = /^\s*(please\s+)?(describe|write|summari[sz]e|explain|draft|compose|why)\b/i;

/** Detects the question of a prompt; `null` for prose or a question beyond the facts. */
export function questionIn(prompt: string): Question | null {
  // A mention carries an answer in, it is not the question.
  const asked = prompt.replace(/\{[^{}]*\}/g, ' ');
  if (PROSE.test(asked)) return null;
  return WORDS.find(([, words]) => words.test(asked))?.[0] ?? null;
}

/** Answers from the facts, or visibly synthetic for an unknown company. */
export function answerTo(question: Question, fact: CompanyFact | null, ...origin: Part[]): string {
  return fact === null ? syntheticAnswer(question, origin) : known(question, fact);
}

function known(question: Question, fact: CompanyFact): string {
  switch (question) {
    case 'ticker':
      return fact.symbol;
    case 'city':
      return fact.headquarters.split(',')[0]?.trim() ?? fact.headquarters;
    case 'state':
      return fact.headquarters.split(',').at(-1)?.trim() ?? fact.headquarters;
    default:
      return fact[question];
  }
}

function syntheticAnswer(question: Question, origin: Part[]): string {
  const number = (max: number, of: string): number => between(1, max, ...origin, of);
  switch (question) {
    case 'sector':
      return `Example Industries sector ${number(11, 'sector')}`;
    case 'subIndustry':
      return `Example Industries sub-industry ${number(160, 'sub-industry')}`;
    case 'city':
      return `Example City ${number(400, 'city')}`;
    case 'state':
      return `Example State ${number(50, 'state')}`;
    case 'headquarters':
      return `${syntheticAnswer('city', origin)}, ${syntheticAnswer('state', origin)}`;
    case 'ticker':
      return `EX${hash32(...origin, 'ticker')
        .toString(36)
        .toUpperCase()}`;
    case 'cik':
      return `99${number(9_999_999, 'cik')}`;
    case 'founded':
      return `${1900 + number(120, 'founded')}`;
    case 'dateAdded':
      return syntheticDate(origin);
  }
}

export function syntheticDate(origin: Part[]): string {
  const two = (max: number, of: string): string =>
    String(between(1, max, ...origin, of)).padStart(2, '0');
  return `${1990 + between(0, 34, ...origin, 'year')}-${two(12, 'month')}-${two(28, 'day')}`;
}
