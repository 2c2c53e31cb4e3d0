import type { RunInfo } from '../client/run-standing.ts';

/** Where more about a run is to be had. */
export const linksOf = (id: string) => {
  const self = `/v1/runs/${encodeURIComponent(id)}`;
  return { self, events: `${self}/events`, results: `${self}/results` };
};

/** A run as it is listed; over HTTP its name is `id` everywhere. */
export const toRunResponse = ({ workflowId, ...rest }: RunInfo) => ({ id: workflowId, ...rest });
