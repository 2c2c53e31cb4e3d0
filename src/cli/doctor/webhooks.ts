import { receiverName } from '../../contract/notify.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import { RowmillError } from '../../errors.ts';
import { proxyOf } from '../../http/proxy.ts';
import {
  ALLOW_PRIVATE,
  isSecretVariable,
  isSlackVariable,
  ORIGINS_SUFFIX,
  endpointOf,
} from '../../notify/endpoint.ts';
import { signerOf } from '../../notify/signature.ts';
import { allowsPrivate } from '../../outbound/rules.ts';
import type { Env } from '../io/context.ts';
import { failed, ok, warn, type Finding } from './finding.ts';

/** Checks whether messages can be sent from here: secrets, their origins, channels, and the proxy. */
export function checkWebhooks(env: Env): Finding[] {
  const name = 'webhooks';
  const set = Object.keys(env).filter((key) => Boolean(env[key]?.trim()));
  const secrets = set.filter(isSecretVariable);
  const channels = set.filter(isSlackVariable);
  if (secrets.length + channels.length === 0) {
    return [ok(name, 'ROWMILL_WEBHOOK_SECRET is not set: no webhooks are sent from here')];
  }
  return [
    ...secrets.sort().map((variable) => checkSecret(variable, env)),
    ...channels.sort().map((variable) => checkChannel(variable, env)),
  ];
}

function checkChannel(variable: string, env: Env): Finding {
  try {
    const { url } = endpointOf({ slack: variable, on: [] }, env);
    return ok('slack', `${variable} leads to ${url.host}`);
  } catch (error) {
    if (!(error instanceof RowmillError)) throw error;
    return failed('slack', error);
  }
}

function checkSecret(variable: string, env: Env): Finding {
  const name = 'webhooks';
  try {
    signerOf(env[variable] ?? '', variable);
    const origins = env[`${variable}${ORIGINS_SUFFIX}`]?.trim() ?? '';
    if (origins === '') {
      const remedy = `Set ${variable}${ORIGINS_SUFFIX} to the origins it is for, like https://hooks.example.com.`;
      return warn(name, `${variable} is set, and no origin it may be used for`, remedy);
    }
    const around = proxyOf({ ...env }) === null ? '' : ', through the proxy';
    const open = allowsPrivate(env, ALLOW_PRIVATE) ? ', private addresses and plain http too' : '';
    return ok(name, `${variable} for ${origins}${open}${around}`);
  } catch (error) {
    if (!(error instanceof RowmillError)) throw error;
    return failed(name, error);
  }
}

/** Problem that would keep a webhook from being sent from here. */
export interface WebhookProblem {
  url: string;
  what: string;
  remedy: string;
}

/** Checks with this environment; the worker's may differ. */
export const webhookProblems = (pipeline: Pipeline, env: Env): WebhookProblem[] =>
  (pipeline.notify ?? []).flatMap((target) => {
    try {
      endpointOf(target, env);
      return [];
    } catch (error) {
      if (!(error instanceof RowmillError)) throw error;
      return [{ url: receiverName(target), what: error.what, remedy: error.remedy }];
    }
  });
