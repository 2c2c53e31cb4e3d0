import type { Webhook } from 'standardwebhooks';
import type { NotifyTarget, SlackTarget, WebhookTarget } from '../contract/notify.ts';
import { RowmillError } from '../errors.ts';
import {
  outboundRules,
  refuseUnsafe,
  withoutQuery,
  type OutboundRules,
} from '../outbound/rules.ts';
import { signerOf } from './signature.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** Names of webhook secrets: the worker reads no other variable for them. */
export const SECRET_VARIABLE = /^ROWMILL_WEBHOOK_SECRET(_[A-Z0-9_]{1,60})?$/;

/** Suffix of the variable with a secret's allowed origins, comma-separated. */
export const ORIGINS_SUFFIX = '_ORIGINS';

/** Names of variables with the address of a channel of Slack: the worker reads no other one. */
export const SLACK_VARIABLE = /^SLACK_WEBHOOK_URL(_[A-Z0-9_]{1,60})?$/;

/** Variable that allows private addresses and plain http. */
export const ALLOW_PRIVATE = 'ROWMILL_WEBHOOK_ALLOW_PRIVATE';

/** Address of a message, and the way to sign it. */
export interface Endpoint {
  url: URL;
  /** Place for errors. */
  where: string;
  /** `null`: the address itself is the secret. */
  signer: Webhook | null;
  rules: OutboundRules;
}

/**
 * Returns the endpoint of a receiver, if the environment allows it.
 * @throws RowmillError `webhook_refused` with the setting to change
 */
export const endpointOf = (target: NotifyTarget, env: Env): Endpoint =>
  'slack' in target ? slackEndpoint(target, env) : webhookEndpoint(target, env);

function webhookEndpoint(target: WebhookTarget, env: Env): Endpoint {
  const url = new URL(target.url);
  const where = `POST ${withoutQuery(url)}`;
  const rules = rulesOf(env, where);
  refuseUnsafe(url, rules);
  return { url, where, signer: signerFor(target, url, rules, env), rules };
}

/** The address is a secret: neither an error nor the history contains it. */
function slackEndpoint({ slack }: SlackTarget, env: Env): Endpoint {
  const where = `POST to Slack (${slack.slice(0, 80)})`;
  const rules = rulesOf(env, where);
  if (!isSlackVariable(slack)) {
    throw rules.refused(
      `${slack.slice(0, 80)} is no variable for a channel of Slack`,
      'Take SLACK_WEBHOOK_URL, or a name that begins with SLACK_WEBHOOK_URL_.',
    );
  }
  const address = env[slack]?.trim() ?? '';
  if (address === '') {
    const remedy = 'Set the address of the incoming webhook of Slack where the worker runs.';
    throw rules.refused(`${slack} is not set`, remedy);
  }
  if (!URL.canParse(address)) {
    const remedy = 'Copy the address of the incoming webhook: https://hooks.slack.com/services/…';
    throw rules.refused(`${slack} is no URL`, remedy);
  }
  const url = new URL(address);
  refuseUnsafe(url, rules);
  return { url, where, signer: null, rules };
}

const rulesOf = (env: Env, where: string): OutboundRules =>
  outboundRules(env, {
    variable: ALLOW_PRIVATE,
    refused: (what, remedy) => new RowmillError('webhook_refused', what, { where, remedy }),
  });

function signerFor(
  { secretEnv }: WebhookTarget,
  url: URL,
  { refused }: OutboundRules,
  env: Env,
): Webhook {
  if (!isSecretVariable(secretEnv)) {
    throw refused(
      `${secretEnv.slice(0, 80)} is no variable for a secret of webhooks`,
      'Take ROWMILL_WEBHOOK_SECRET, or a name that begins with ROWMILL_WEBHOOK_SECRET_.',
    );
  }
  const secret = env[secretEnv]?.trim() ?? '';
  if (secret === '') {
    throw refused(
      `${secretEnv} is not set`,
      'Set the secret where the worker runs; webhooks are never sent unsigned.',
    );
  }
  const signer = signerOf(secret, secretEnv);
  const variable = `${secretEnv}${ORIGINS_SUFFIX}`;
  if (!originsOf(env[variable]).includes(url.origin)) {
    throw refused(
      `${variable} does not name ${url.origin}`,
      `Set ${variable}=${url.origin} where the worker runs: with a secret only those are called that its operator named.`,
    );
  }
  return signer;
}

/** Excludes names of origin lists and file paths. */
export const isSecretVariable = (name: string): boolean =>
  SECRET_VARIABLE.test(name) && !name.endsWith(ORIGINS_SUFFIX) && !name.endsWith('_FILE');

export const isSlackVariable = (name: string): boolean =>
  SLACK_VARIABLE.test(name) && !name.endsWith('_FILE');

const originsOf = (list = ''): string[] =>
  list
    .split(',')
    .map((text) => text.trim())
    .flatMap((text) => (URL.canParse(text) ? [new URL(text).origin] : []));
