/** What was really played: seconds that passed in the film while it played, at any speed, seeks left out. */
import { type Interval, union } from "./intervals.ts";

export const BEAT_MS = 10_000;
/** A step of the clock longer than this is a seek or a sleeping tab, not playing. */
const LONGEST_STEP = 2;

export class Heartbeat {
  #pending: Interval[] = [];
  #at: number | null = null;
  #rate = 1;

  constructor(private readonly report: (intervals: Interval[], position: number, leaving: boolean) => Promise<void>) {}

  /** The film stands at `position` and goes on at `rate`. */
  started(position: number, rate: number): void {
    this.#at = position;
    this.#rate = rate;
  }

  /** The film has come to `position` by playing. */
  moved(position: number): void {
    if (this.#at !== null && position > this.#at && position - this.#at <= LONGEST_STEP * Math.max(1, this.#rate)) {
      this.#pending = union(this.#pending, [[this.#at, position]]);
    }
    if (this.#at !== null) this.#at = position;
  }

  /** The film stands still: paused, seeking, ended or gone. */
  stopped(position: number): void {
    this.moved(position);
    this.#at = null;
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
