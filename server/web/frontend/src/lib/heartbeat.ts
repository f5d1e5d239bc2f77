/** What was really played: seconds that passed in the film while it played, at any speed, seeks left out. */
import { type Interval, union } from "./intervals.ts";

export const BEAT_MS = 10_000;
/** A step of the clock longer than this is a seek or a sleeping tab, not playing. */
const LONGEST_STEP = 2;
/** A player says "playing" a little after it began; within this, it began where it stood. */
const LATE = 0.5;

export class Heartbeat {
  #pending: Interval[] = [];
  #at: number | null = null;
  #rate = 1;
  /** Where the film last stood still. */
  #still: number | null = null;

  constructor(private readonly report: (intervals: Interval[], position: number, leaving: boolean) => Promise<void>) {}

  /** The film stands at `position` and goes on at `rate`. */
  started(position: number, rate: number): void {
    const late = this.#still === null ? Number.POSITIVE_INFINITY : position - this.#still;
    this.#at = late >= 0 && late < LATE ? this.#still : position;
    this.#rate = rate;
    this.moved(position);
  }

  /** The film has come to `position` by playing. */
  moved(position: number): void {
    if (this.#at !== null && position > this.#at && position - this.#at <= LONGEST_STEP * Math.max(1, this.#rate)) {
      this.#pending = union(this.#pending, [[this.#at, position]]);
    }
    if (this.#at !== null) this.#at = position;
  }

  /** The film stands still: paused, waiting, ended or gone. */
  stopped(position: number): void {
    this.moved(position);
    this.#at = null;
    this.#still = position;
  }

  /** The film was moved to `position`; what lies between was not played. */
  sought(position: number): void {
    this.#at = null;
    this.#still = position;
  }

  /** Reports what is new; what the server did not take is reported again with the next beat. */
  async beat(position: number, leaving = false): Promise<void> {
    if (!this.#pending.length) return;
    const taken = this.#pending;
    this.#pending = [];
    try {
      await this.report(taken, position, leaving);
    } catch {
      this.#pending = union(taken, this.#pending);
    }
  }
}
