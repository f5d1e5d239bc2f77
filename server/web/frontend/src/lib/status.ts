/** The quiet strip under the room's head: offline, closed to us, or a word for us alone. */
import { clock } from "./dates.ts";
import type { Notice } from "./message.ts";
import { copy, type RoomFacts, the } from "./page.ts";
import type { Link } from "./wire.ts";
import { WORDS } from "./words.ts";

/** A drop shorter than this is nobody's business. */
const QUIET_MS = 2_000;

export class Status {
  readonly #strip = the("#offline");
  #since: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly facts: RoomFacts,
    private readonly kept: () => number,
  ) {}

  link(link: Link): void {
    clearTimeout(this.#timer);
    if (link.state === "offline") {
      this.#since ??= Date.now();
      this.#timer = setTimeout(() => this.refresh(), QUIET_MS);
      return;
    }
    this.#since = null;
    this.#strip.hidden = true;
    this.#strip.toggleAttribute("data-ended", link.state === "ended");
    if (link.state === "ended") this.#say(WORDS.ended, link.reason, false);
  }

  /** Brings the strip to the number of messages now waiting. */
  refresh(): void {
    if (this.#since === null || Date.now() - this.#since < QUIET_MS) return;
    this.#say(WORDS.offline(clock(this.#since, this.facts.zone)), WORDS.kept(this.kept()), true);
  }

  notice(notice: Notice): void {
    const strip = copy("t-notice");
    const certificate = notice.kind.startsWith("certificate");
    the("b", strip).textContent = certificate ? WORDS.ready(notice.title ?? "") : (notice.title ?? "");
    the("p span", strip).textContent = certificate ? "" : (notice.text ?? "");
    const link = the<HTMLAnchorElement>("a", strip);
    const address = notice.code ? `/verify/${encodeURIComponent(notice.code)}` : notice.url;
    link.hidden = !address?.startsWith("/");
    if (address) link.href = address;
    the("button", strip).addEventListener("click", () => strip.remove());
    the("#notices").append(strip);
  }

  #say(what: string, then: string, retry: boolean): void {
    the("b", this.#strip).textContent = what;
    the("p span", this.#strip).textContent = then;
    the("button", this.#strip).hidden = !retry;
    this.#strip.hidden = false;
  }
}
