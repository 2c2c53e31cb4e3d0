/** Ids that any shell reads as one word. */
const PLAIN = /^[\w.@:/+-]+$/;

/** Puts a run's id into the commands that a text names, so that they work when pasted. */
export const namingRun = (text: string, workflowId: string): string =>
  PLAIN.test(workflowId) ? text.replace(/\b(rowmill [a-z]+) RUN\b/g, `$1 ${workflowId}`) : text;
