/** The quiet strip under the room's head: offline, or closed to us. */
import { clock } from "./dates.ts";
import { type RoomFacts, the } from "./page.ts";
import type { Link } from "./wire.ts";
import { WORDS } from "./words.ts";

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
      return;
    }
    clearTimeout(this.#timer);
    this.#since = null;
    this.#said = false;
    this.#strip.hidden = true;
    this.#strip.toggleAttribute("data-ended", link.state === "ended");
    if (link.state === "ended") this.#say(WORDS.ended, link.reason, false);
  }

  /** Brings the strip to the number of messages now waiting. */
  refresh(): void {
    if (this.#since === null || !this.#said) return;
    this.#say(WORDS.offline(clock(this.#since, this.facts.zone)), WORDS.kept(this.kept()), true);
  }

  #begin(): void {
    this.#since = Date.now();
    this.#timer = setTimeout(() => {
      this.#said = true;
      this.refresh();
    }, QUIET_MS);
  }

  #say(what: string, then: string, retry: boolean): void {
    the("b", this.#strip).textContent = what;
    the("p span", this.#strip).textContent = then;
    the("button", this.#strip).hidden = !retry;
    this.#strip.hidden = false;
  }
}
