import { extname } from 'node:path';

/** What stands beside results: never named in a pipeline file, always written by rowmill. */
export interface Companions {
  quarantine: string;
  manifest: string;
}

/** Where the files beside the results go: `out/x.jsonl` → `out/x.quarantine.jsonl`, … */
export const companionsOf = ({ to }: { to: string }): Companions => {
  const stem = to.slice(0, to.length - extname(to).length);
  return { quarantine: `${stem}.quarantine.jsonl`, manifest: `${stem}.manifest.json` };
};
