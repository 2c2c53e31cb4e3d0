/** A run's page in the Temporal UI, or `null` when nothing says where the UI is. */
export function uiLink(
  base: string | null,
  namespace: string,
  run: { workflowId: string; runId: string },
): string | null {
  return pageOf(base, ['namespaces', namespace, 'workflows', run.workflowId, run.runId, 'history']);
}

/** The UI's list of the runs that a list filter finds. */
export function uiListLink(base: string | null, namespace: string, query: string): string | null {
  const page = pageOf(base, ['namespaces', namespace, 'workflows']);
  return page === null ? null : `${page}?query=${encodeURIComponent(query)}`;
}

const pageOf = (base: string | null, path: readonly string[]): string | null =>
  base === null ? null : `${base.replace(/\/+$/, '')}/${path.map(encodeURIComponent).join('/')}`;
