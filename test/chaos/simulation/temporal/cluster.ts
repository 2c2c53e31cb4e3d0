import { TemporalServer, type OtherWorkflows, type ServerOptions } from './server.ts';
import type { Payload } from './proto.ts';

export interface ClusterOptions extends Omit<ServerOptions, keyof Place | 'faultFor' | 'others'> {
  /** Returns the fault of an attempt or a task of the run of this number: 0, 1, … */
  faultFor: (what: string, run: number) => ReturnType<ServerOptions['faultFor']>;
  /** Called before the next workflow starts, to inspect what this one left. */
  leave: (last: TemporalServer) => Promise<void>;
}

type Place = Pick<ServerOptions, 'workflowId' | 'number'>;

/** A workflow id is taken as long as it is known: by us nothing is started twice under one. */
export class AlreadyStarted extends Error {}

/** The workflows of one script, one after the other: a run, and the runs that take it up again. */
export class Cluster {
  readonly #options: ClusterOptions;
  /** Workflow ids that are taken, with their runs as soon as there are any. */
  readonly #known = new Map<string, TemporalServer | null>();
  readonly runs: TemporalServer[] = [];
  /** Children that runs have started, the newest of each workflow id. */
  readonly #children = new Map<string, TemporalServer>();
  #childrenStarted = 0;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /** Returns the run that operators act on. */
  get newest(): TemporalServer {
    const newest = this.runs.at(-1);
    if (newest === undefined) throw new Error('nothing was started yet');
    return newest;
  }

  get changesTooLate(): string[] {
    return [...this.runs, ...this.#children.values()].flatMap((run) => run.changesTooLate);
  }

  /** Returns the known workflows in the order of their starts. */
  get known(): TemporalServer[] {
    return [...this.#known.values()].filter((run) => run !== null);
  }

  find(workflowId: string): TemporalServer | null {
    return this.#known.get(workflowId) ?? null;
  }

  /** The retention of all that has ended is over. */
  expire(): void {
    const ended = this.known.filter(({ end }) => end !== null);
    for (const { workflowId } of ended) this.#known.delete(workflowId);
    this.#options.note(`expired: ${ended.map(({ workflowId }) => workflowId).join(', ')}`);
  }

  /** @throws AlreadyStarted */
  async start(workflowId: string, input: Payload): Promise<TemporalServer> {
    if (this.#known.has(workflowId)) throw new AlreadyStarted(workflowId);
    this.#known.set(workflowId, null);
    const last = this.runs.at(-1);
    if (last !== undefined) await this.#options.leave(last);
    const { faultFor, note, ...options } = this.#options;
    const number = this.runs.length;
    const run = new TemporalServer(
      {
        ...options,
        workflowId,
        number,
        others: this.#others,
        faultFor: (what) => faultFor(what, number),
        note: (what) => note(number === 0 ? what : `[${number}] ${what}`),
      },
      input,
    );
    this.runs.push(run);
    this.#known.set(workflowId, run);
    return run;
  }

  readonly #others: OtherWorkflows = {
    startChild: ({ workflowId, workflowType, input }, ended) => {
      if (this.#children.get(workflowId)?.end === null) return null;
      this.#childrenStarted += 1;
      const { faultFor, note, ...options } = this.#options;
      const number = FIRST_CHILD + this.#childrenStarted;
      const child = new TemporalServer(
        {
          ...options,
          workflowId,
          workflowType,
          number,
          others: this.#others,
          faultFor: (what) => faultFor(what, number),
          note: (what) => note(`[${workflowId}] ${what}`),
        },
        input[0] ?? {},
      );
      child.onEnd(ended);
      this.#children.set(workflowId, child);
      return child.firstRunId;
    },
    signal: (workflowId, name, args) => {
      const other = this.#children.get(workflowId) ?? this.#known.get(workflowId) ?? null;
      if (other === null || other.end !== null) return false;
      other.signal(name, args);
      return true;
    },
  };
}

/** Children have numbers of their own. */
const FIRST_CHILD = 1_000_000;
