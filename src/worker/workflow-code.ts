import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, Runtime } from '@temporalio/worker';
import { ENCODES_FAILURES } from '../contract/payloads.ts';
import { packageVersion } from '../process/package-root.ts';

/** Bundle of the workflows, as text. */
export interface WorkflowCode {
  code: string;
}

/**
 * Returns the bundle beside the build in production, or bundles the sources in tests and
 * development.
 */
export async function workflowCode(
  bundlePath: string | undefined,
  encrypts: boolean,
): Promise<WorkflowCode> {
  const built = pathOf('workflow-bundle.js');
  const codePath = bundlePath ?? (existsSync(built) ? built : undefined);
  const code = codePath === undefined ? await bundled() : await readFile(codePath, 'utf8');
  // One line: places in the source map stay right.
  return { code: encrypts ? `${ENCODES} ${code}` : code };
}

/**
 * Returns the name by which histories and the UI show the worker's code. Each step writes it to the
 * history three times, so it is short.
 */
export function buildIdOf(code: string): string {
  const digest = createHash('sha256').update(code).digest('hex').slice(0, 8);
  return `rowmill@${packageVersion()}+${digest}`;
}

/** Sets a global of workflow code, which sees no environment. */
const ENCODES = `globalThis.${ENCODES_FAILURES} = true;`;

async function bundled(): Promise<string> {
  // Not the worker's own bundler, which cannot set a converter for workflow code alone.
  const { code } = await bundleWorkflowCode({
    workflowsPath: pathOf('workflows/index.ts'),
    payloadConverterPath: pathOf('workflows/payload-converter.ts'),
    failureConverterPath: pathOf('workflows/failure-converter.ts'),
    logger: Runtime.instance().logger,
  });
  return code;
}

/** Resolves a path from the root of the package. */
const pathOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
