/** A run's page in the Temporal UI, or `null` when nobody said where the UI is. */
export function uiLink(
  base: string | null,
  namespace: string,
  run: { workflowId: string; runId: string },
): string | null {
  if (base === null) return null;
  const path = ['namespaces', namespace, 'workflows', run.workflowId, run.runId, 'history'];
  return `${base.replace(/\/+$/, '')}/${path.map(encodeURIComponent).join('/')}`;
}
