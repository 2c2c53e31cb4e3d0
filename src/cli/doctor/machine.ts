import {
  cachedPath,
  cacheFolder,
  findOnPath,
  inspect,
  isExecutable,
  PINNED_VERSION,
} from '../../dev/temporal/binary.ts';
import type { Env } from '../io/context.ts';
import { openStore } from '../../env.ts';
import { rootsIn } from '../../paths/roots.ts';
import { CEILING_VARIABLES, spendCeilingOf } from '../../client/pipelines/spend-ceiling.ts';
import { failed, ok, warn, type Finding } from './finding.ts';

/** Reports the version only: bin/rowmill.js rejects an old Node before any command runs. */
export function checkNode(): Finding {
  return ok('node', process.versions.node);
}

export async function checkStore(env: Env): Promise<Finding> {
  const store = openStore(env);
  try {
    await store.checkWritable();
    return ok('store', `${store.location} can be written`);
  } catch (error) {
    return failed('store', error);
  }
}

/** Checks where `dev`, `demo` and `run --embedded` would get their server from. */
export async function checkServerBinary(env: Env): Promise<Finding> {
  const name = 'own server';
  const onPath = await findOnPath('temporal', env);
  const cached = cachedPath(cacheFolder(env));
  const candidates = [
    ...(onPath === null ? [] : [{ path: onPath, from: 'PATH' as const }]),
    ...((await isExecutable(cached)) ? [{ path: cached, from: 'cache' as const }] : []),
  ];
  for (const { path, from } of candidates) {
    const found = await inspect(path, from);
    if ('reason' in found) continue;
    return ok(name, `${path} (server ${found.binary.serverVersion})`);
  }
  const go = await findOnPath('go', env);
  const build = go === null ? '' : `, or else built with ${go} (minutes, once)`;
  return warn(
    name,
    `the temporal command is neither on PATH nor in ${cacheFolder(env)}`,
    `Version ${PINNED_VERSION} is downloaded at the first \`rowmill dev\`${build}.`,
  );
}

/**
 * Reports the folders from which a worker with this environment may read rows and write results.
 */
export function checkRoots(env: Env): Finding {
  const named = rootsIn(env['ROWMILL_ROOTS']);
  const none = 'the one a worker is started in (ROWMILL_ROOTS names others)';
  return ok('folders of runs', named.length === 0 ? none : named.join(', '));
}

/** Reports the limits of every run of a worker with this environment. */
export function checkSpend(env: Env): Finding {
  const name = 'spend limits';
  try {
    const ceiling = spendCeilingOf(env);
    const set = Object.entries(CEILING_VARIABLES).flatMap(([limit, variable]) => {
      const value = limit in ceiling ? env[variable]?.trim() : undefined;
      return value === undefined ? [] : [`${variable}=${value}`];
    });
    const none = `none beside each pipeline's own (${CEILING_VARIABLES.maxCredits} sets one)`;
    return ok(name, set.length === 0 ? none : set.join(' '));
  } catch (error) {
    return failed(name, error);
  }
}
