import type { Pipeline } from '../contract/pipeline.ts';
import { RowmillError } from '../errors.ts';
import { signerFor } from '../notify/deliverable.ts';
import type { Env } from './context.ts';

/** A webhook that would not be sent from here. */
export interface WebhookProblem {
  url: string;
  what: string;
  remedy: string;
}

/** By this environment: the worker's may be another one. */
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
