import type { ChaosScript } from './script.ts';
import type { Befallen } from './temporal/activity-task.ts';

/** What a script has in store for each attempt of an activity and each workflow task. */
export class Fate {
  readonly #script: ChaosScript;
  readonly #seen = new Map<string, number>();

  constructor(script: ChaosScript) {
    this.#script = script;
  }

  befall(what: string): Befallen {
    const nth = (this.#seen.get(what) ?? 0) + 1;
    this.#seen.set(what, nth);
    const kill = this.#script.kills.find((one) => one.during === what && one.nth === nth);
    return {
      kill: kill === undefined ? null : { step: kill.step, landsLaterMs: kill.landsLaterMs },
      downMs: kill?.downMs ?? 0,
      lost: this.#script.lost.some((one) => one.of === what && one.nth === nth),
    };
  }
}
