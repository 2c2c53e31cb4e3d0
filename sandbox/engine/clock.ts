/**
 * API time: milliseconds of the pretended API since its first start. It runs `speed` times as
 * fast as real time and stands still while the sandbox is down.
 */
export class Clock {
  readonly #realMs: () => number;
  #speed = 1;
  #anchorApiMs = 0;
  #anchorWallMs = 0;
  #anchorRealMs = 0;

  /** `realMs` is a monotonic source of real milliseconds. */
  constructor(realMs: () => number) {
    this.#realMs = realMs;
  }

  /** Starts the clock at API time `apiMs`, displayed as `wallMs` (epoch), running at `speed`. */
  start(apiMs: number, wallMs: number, speed: number): void {
    this.#speed = speed;
    this.#anchorApiMs = apiMs;
    this.#anchorWallMs = wallMs;
    this.#anchorRealMs = this.#realMs();
  }

  get speed(): number {
    return this.#speed;
  }

  nowMs(): number {
    return this.#anchorApiMs + (this.#realMs() - this.#anchorRealMs) * this.#speed;
  }

  /** Epoch ms at which API time was `apiMs`: what the wire shows. */
  wallMs(apiMs: number): number {
    return Math.floor(this.#anchorWallMs + (apiMs - this.#anchorApiMs) / this.#speed);
  }
}
