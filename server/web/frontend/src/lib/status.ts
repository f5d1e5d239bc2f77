/** The quiet strip under the room's head: offline, without an answer, or closed to us. */
import { clock } from "./dates.ts";
import { type RoomFacts, the } from "./page.ts";
import type { Link } from "./wire.ts";
import { say, WORDS } from "./words.ts";

/** A drop shorter than this is nobody's business. */
export const QUIET_MS = 2_000;

export class Status {
  readonly #strip = the("#offline");
  #since: number | null = null;
  #said = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly facts: RoomFacts,
    private readonly kept: () => number,
  ) {}

  /** Each try that fails says "offline" again: the drop is as long as since the first. */
  link(link: Link): void {
    if (link.state === "offline") {
      if (this.#since === null) this.#begin();
      else this.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#since = null;
    this.#said = false;
    this.#strip.hidden = true;
    this.#strip.toggleAttribute("data-ended", link.state === "ended");
    if (link.state === "ended") this.#say(WORDS.ended, link.reason, false);
  }

  /** Brings the strip to the number of messages now waiting, and to whose fault it is: the browser's own network's? */
  refresh(): void {
    if (this.#since === null || !this.#said) return;
    const what = navigator.onLine ? WORDS.silent : WORDS.offline;
    const time = clock(this.#since, this.facts.zone);
    // Of none the sentence stands without a number.
    this.#say(say(what, { time }), say(WORDS.kept, { count: this.kept() || "" }), true);
  }

  #begin(): void {
    this.#since = Date.now();
    this.#timer = setTimeout(() => {
      this.#said = true;
      this.refresh();
    }, QUIET_MS);
  }

  #say(what: string, then: string, retry: boolean): void {
    // What stands there already is not read out again.
    for (const [place, words] of [
      ["b", what],
      ["p span", then],
    ] as const) {
      const shown = the(place, this.#strip);
      if (shown.textContent !== words) shown.textContent = words;
    }
    the("button", this.#strip).hidden = !retry;
    this.#strip.hidden = false;
  }
}
