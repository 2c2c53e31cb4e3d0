import { RowmillError } from '../../errors.ts';
import { proxyOf } from '../../http/proxy.ts';
import {
  allowsPrivate,
  isSecretVariable,
  ORIGINS_SUFFIX,
  signerFor,
} from '../../notify/deliverable.ts';
import { signerOf } from '../../notify/signature.ts';
import type { Pipeline } from '../../contract/pipeline.ts';
import type { Env } from '../io/context.ts';
import { failed, ok, warn, type Finding } from './finding.ts';

/** Checks whether webhooks can be sent from here: secrets, their origins, and the proxy. */
export function checkWebhooks(env: Env): Finding[] {
  const name = 'webhooks';
  const secrets = Object.keys(env).filter(
    (key) => isSecretVariable(key) && Boolean(env[key]?.trim()),
  );
  if (secrets.length === 0) {
    return [ok(name, 'ROWMILL_WEBHOOK_SECRET is not set: no webhooks are sent from here')];
  }
  return secrets.sort().map((variable) => checkSecret(variable, env));
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
    const open = allowsPrivate(env) ? ', private addresses and plain http too' : '';
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
  (pipeline.notify ?? []).flatMap(({ url, secretEnv }) => {
    try {
      signerFor({ url, secretEnv }, env);
      return [];
    } catch (error) {
      if (!(error instanceof RowmillError)) throw error;
      return [{ url: url.replace(/[?#].*$/, ''), what: error.what, remedy: error.remedy }];
    }
  });
