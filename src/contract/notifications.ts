import type { Need } from './notify.ts';
import type { RunFinished } from './run.ts';

/** Details of a run that waits for a person, or does not move. */
export interface NeedDetails {
  workflowId: string;
  runId: string;
  pipeline: string;
  /** Need or event in one line. */
  what: string;
  /** ISO time since which it is so. */
  since: string;
  /** 0: the first message; else the number of the reminder. */
  reminder: number;
  rows: number;
  cells: { done: number; total: number };
  credits: {
    estimated: number;
    /** Credits of the cells asked for so far. */
    spent: number;
    /** Missing credits, about. Left out: it does not wait for credits. */
    missing?: number;
  };
  /** ISO time of the deadline of the run. */
  deadline: string;
  /** `null`: there is no table, or its address is unknown. */
  tableUrl: string | null;
  /** Command that lets it go on, or shows it. */
  command: string;
}

/** Body of the webhook of a need. */
export interface RunNeeds {
  type: `run.${Need}`;
  /** ISO time of the message; the same on every retry. */
  timestamp: string;
  data: NeedDetails;
}

/** Reasons that a night counts as missed. `late`: its run waited for a worker. */
export const MISSED_WHYS = ['not started', 'late'] as const;
export type MissedWhy = (typeof MISSED_WHYS)[number];

/** A night of a schedule that did not take place, or late. */
export interface MissedNight {
  schedule: string;
  /** ISO time at which it was due. */
  dueAt: string;
  why: MissedWhy;
  /** Run of the night; `null`: there is none. */
  workflowId: string | null;
  /** ISO time at which a worker began with it; `null`: none did. */
  begunAt: string | null;
  /** Command that starts the night, or shows its run. */
  command: string;
}

/** Body of the webhook of a missed night. */
export interface NightMissed {
  type: 'schedule.missed-night';
  timestamp: string;
  data: MissedNight;
}

/** Body of any webhook. A worker that knows the Temporal UI adds `ui` to `data`. */
export type Notification = RunFinished | RunNeeds | NightMissed;
