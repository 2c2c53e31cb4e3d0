import type { ChaosScript } from './script.ts';
import type { AttemptFault } from './temporal/activity-task.ts';

type Troubles = Pick<ChaosScript, 'kills' | 'lost' | 'absences'>;

/** Faults of a script for each attempt of an activity and each workflow task. */
export class FaultSchedule {
  readonly #script: Troubles;
  readonly #seen = new Map<string, number>();

  constructor(script: Troubles) {
    this.#script = script;
  }

  /** `run`: 0 for the run itself, then its reruns. */
  apply(what: string, run: number): AttemptFault {
    const place = `${run} ${what}`;
    const nth = (this.#seen.get(place) ?? 0) + 1;
    this.#seen.set(place, nth);
    const isHere = (one: { rerun?: number; nth: number }): boolean =>
      (one.rerun ?? 0) === run && one.nth === nth;
    const kill = this.#script.kills.find((one) => one.during === what && isHere(one));
    return {
      kill: kill === undefined ? null : { step: kill.step, commitsLaterMs: kill.commitsLaterMs },
      downMs: kill?.downMs ?? 0,
      absence: this.#script.absences?.find((one) => one.during === what && isHere(one)) ?? null,
      lost: this.#script.lost.some((one) => one.of === what && isHere(one)),
    };
  }
}
