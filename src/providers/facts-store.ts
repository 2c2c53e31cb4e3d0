import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RowmillError } from '../errors.ts';
import {
  apiName,
  factsFile,
  usedFacts,
  type FactsFile,
  type LearnedFacts,
  withFacts,
} from './facts.ts';
import type { ProviderSpec } from './provider-spec.ts';
import { requireProviderSpec } from './catalog.ts';

type Env = Readonly<Record<string, string | undefined>>;

export const factsFolder = (env: Env): string => env['ROWMILL_FACTS']?.trim() || '.rowmill/facts';

export const factsPath = (env: Env, provider: string): string =>
  join(factsFolder(env), `${provider}.json`);

export const baseUrlOf = (spec: ProviderSpec, env: Env): string =>
  env[spec.baseUrlVariable]?.trim() || spec.baseUrl;

/**
 * Reads the facts file of a provider; `null` without one. @throws RowmillError `usage` if it cannot
 * be read: the estimate would silently change.
 */
export function readFactsFile(env: Env, provider: string): FactsFile | null {
  const path = factsPath(env, provider);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw unusable(path, error instanceof Error ? error.message : String(error));
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw unusable(path, 'it is not JSON');
  }
  const parsed = factsFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unusable(path, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

/** Returns the facts about this API address; facts about another address do not apply. */
export function factsOf(spec: ProviderSpec, env: Env): LearnedFacts | null {
  const file = readFactsFile(env, spec.name);
  if (file === null || file.api !== apiName(spec, baseUrlOf(spec, env))) return null;
  return usedFacts(file);
}

export async function writeFactsFile(env: Env, file: FactsFile): Promise<string> {
  const path = factsPath(env, file.provider);
  const fresh = `${path}.${process.pid}.new`;
  try {
    await mkdir(factsFolder(env), { recursive: true });
    await writeFile(fresh, `${JSON.stringify(file, null, 2)}\n`);
    await rename(fresh, path);
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message : String(error));
  }
  return path;
}

/** Checks the code of the error: Node's errors may come from another realm. */
const isMissing = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  (error.code === 'ENOENT' || error.code === 'ENOTDIR');

const unusable = (path: string, why: string): RowmillError =>
  new RowmillError('usage', `the facts file cannot be used: ${why}`, {
    where: path,
    remedy: 'Correct or delete it, or write it anew with `rowmill doctor --live`.',
  });

/**
 * Returns a provider's spec with the prices and limits of its facts file.
 * @throws RowmillError `spec_invalid` for an unknown provider, `usage` for a facts file that cannot
 * be read
 */
export function knownSpec(name: string, env: Env): ProviderSpec {
  const spec = requireProviderSpec(name);
  return withFacts(spec, factsOf(spec, env));
}
