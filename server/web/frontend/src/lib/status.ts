/** The quiet strip under the room's head: offline, closed to us, or a word for us alone. */
import { clock } from "./dates.ts";
import type { Notice } from "./message.ts";
import { copy, type RoomFacts, the } from "./page.ts";
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

  notice(notice: Notice): void {
    const strip = copy("t-notice");
    const certificate = notice.kind.startsWith("certificate");
    const said = notice.by ? `${notice.by} · ${notice.room_name}` : (notice.title ?? "");
    the("b", strip).textContent = certificate ? WORDS.ready(notice.title ?? "") : said;
    the("p span", strip).textContent = certificate ? "" : ((notice.by ? notice.title : notice.text) ?? "");
    const link = the<HTMLAnchorElement>("a", strip);
    const decisions = notice.kind === "decision" && `/c/${this.facts.channel}/community/decisions`;
    const address = notice.code ? `/verify/${encodeURIComponent(notice.code)}` : decisions || notice.url;
    link.hidden = !address?.startsWith("/");
    if (address) link.href = address;
    the("button", strip).addEventListener("click", () => strip.remove());
    the("#notices").append(strip);
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
