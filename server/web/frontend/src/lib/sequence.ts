/** Order and identity of one room's messages: each `(room, seq)` is delivered once, ascending, whatever the wire does. */
import type { Message } from "./message.ts";

/** How long a later message waits for an earlier one before the gap is fetched. */
export const HOLD_MS = 200;

export interface SequenceHooks {
  deliver(message: Message): void;
  /** Something up to `seq` has not come by itself; fetch what follows `last`. */
  behind(seq: number): void;
}

export class Sequence {
  #last: number;
  #held = new Map<number, Message>();
  #expected = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    last: number,
    private readonly hooks: SequenceHooks,
  ) {
    this.#last = last;
  }

  /** The highest seq delivered; everything below it has been delivered too. */
  get last(): number {
    return this.#last;
  }

  /** Takes a live message: delivers it now, holds it for its predecessors, or drops it as already delivered. */
  offer(message: Message): void {
    if (message.seq <= this.#last) return;
    this.#held.set(message.seq, message);
    this.#drain();
    this.expect(message.seq);
  }

  /** Takes a page read from the database, where a missing seq is not coming any more. */
  fill(page: Message[]): void {
    for (const message of page) {
      if (message.seq <= this.#last) continue;
      this.#held.delete(message.seq);
      this.#last = message.seq;
      this.hooks.deliver(message);
    }
    this.#drain();
  }

  /** Notes that the room holds `seq`: if it does not arrive within the hold, `behind` is told. */
  expect(seq: number): void {
    this.#expected = Math.max(this.#expected, seq);
    if (this.#expected <= this.#last || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#expected > this.#last) this.hooks.behind(this.#expected);
    }, HOLD_MS);
  }

  /** Starts anew after `last`; what was held is forgotten. */
  restart(last: number): void {
    this.#last = last;
    this.#expected = 0;
    this.#held.clear();
  }

  #drain(): void {
    for (const seq of this.#held.keys()) if (seq <= this.#last) this.#held.delete(seq);
    for (let next = this.#held.get(this.#last + 1); next; next = this.#held.get(this.#last + 1)) {
      this.#held.delete(next.seq);
      this.#last = next.seq;
      this.hooks.deliver(next);
    }
  }
}
