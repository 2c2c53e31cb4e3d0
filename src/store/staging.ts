import type { Draft, Folder, Store } from './store.ts';

type Drafts = Pick<Store, 'draftStage' | 'keepDraft' | 'dropDraft'>;

/** Creates `stage` of a store from its drafts: written, then moved to the final place. */
export const stageOf =
  ({ draftStage, keepDraft, dropDraft }: Drafts): Store['stage'] =>
  async <T extends { digest: string }>(
    name: string,
    fill: (draft: Draft, folder: Folder) => Promise<T>,
  ): Promise<T> => {
    const { filled, draft } = await draftStage(name, fill);
    try {
      await keepDraft(draft);
      return filled;
    } finally {
      await dropDraft(draft);
    }
  };
