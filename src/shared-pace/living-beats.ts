import type { Folder } from '../store/store.ts';
import { readBeat, type Beat } from './beat.ts';

/** Time between two beats of a worker that uses a token. */
export const BEAT_MS = 2_000;

/** Returns the newest beats of the workers whose beats change during `watch`, which is not called if there are none. */
export async function livingBeats(
  folder: Folder,
  token: string,
  watch: () => Promise<void>,
): Promise<Beat[]> {
  const before = await newest(folder, token);
  if (before.size === 0) return [];
  await watch();
  const after = await newest(folder, token);
  return [...after.values()].filter(({ worker, nth }) => before.get(worker)?.nth !== nth);
}

async function newest(folder: Folder, token: string): Promise<Map<string, Beat>> {
  const from = `${token}/`;
  const found = new Map<string, Beat>();
  for (const name of await folder.list(from)) {
    const beat = readBeat(name.slice(from.length));
    if (beat !== null && beat.nth > (found.get(beat.worker)?.nth ?? 0))
      found.set(beat.worker, beat);
  }
  return found;
}
