/** What is hidden of the reader's own: why, and their words while a filter holds them; loaded late. */
import { call } from "./api.ts";
import { LATER } from "./later.ts";
import { read } from "./markup.ts";
import type { Notice } from "./message.ts";
import { type RoomFacts, the } from "./page.ts";
import type { Transport } from "./wire.ts";
import { WORDS } from "./words.ts";

interface Withheld {
  reason: string;
  html: string;
}

export class OwnHidden {
  readonly #asked = new Set<string>();

  constructor(
    private readonly list: HTMLElement,
    private readonly facts: RoomFacts,
    private readonly api: string,
    transport: Transport,
  ) {
    // However it came to be hidden: as it was posted, as it was changed, by a moderator, or while we were away.
    new MutationObserver(() => this.#look()).observe(list, { childList: true, subtree: true });
    transport.on("notice", ({ kind }: Notice) => kind === "decision" && this.#again());
    this.#look();
  }

  #look(): void {
    for (const said of this.#own(".said.gone:not(.told)")) {
      if (the(".words", said).textContent === WORDS.hidden) void this.#ask(said);
    }
  }

  /** A moderator has decided: another reason may stand there now. */
  #again(): void {
    for (const said of this.#own(".said.gone.told")) void this.#ask(said);
  }

  #own(which: string): NodeListOf<HTMLElement> {
    return this.list.querySelectorAll<HTMLElement>(`${which}[data-author="${CSS.escape(this.facts.me)}"]`);
  }

  async #ask(said: HTMLElement): Promise<void> {
    const id = said.dataset.id ?? "";
    if (!id || this.#asked.has(id)) return;
    this.#asked.add(id);
    const address = `${this.api}/messages/${id}`;
    const found = await call<{ withheld: Withheld | null }>("GET", address).catch(() => null);
    if (found?.withheld && said.classList.contains("gone")) this.#tell(said, found.withheld);
    this.#asked.delete(id);
  }

  #tell(said: HTMLElement, { reason, html }: Withheld): void {
    const link = document.createElement("a");
    link.href = `/c/${this.facts.channel}/community/decisions`;
    link.textContent = LATER.decisions;
    const line = document.createElement("p");
    line.append(`${WORDS.hidden} ${reason} `, link);
    the(".words", said).replaceChildren(line, read(html));
    said.classList.add("told");
  }
}
