/** Returns the page of a run in the Temporal UI, or `null` if its address is unknown. */
export function uiLink(
  base: string | null,
  namespace: string,
  run: { workflowId: string; runId: string },
): string | null {
  return pageOf(base, ['namespaces', namespace, 'workflows', run.workflowId, run.runId, 'history']);
}

/** Returns the page of a list filter in the UI. */
export function uiListLink(base: string | null, namespace: string, query: string): string | null {
  const page = pageOf(base, ['namespaces', namespace, 'workflows']);
  return page === null ? null : `${page}?query=${encodeURIComponent(query)}`;
}

const pageOf = (base: string | null, path: readonly string[]): string | null =>
  base === null ? null : `${base.replace(/\/+$/, '')}/${path.map(encodeURIComponent).join('/')}`;
