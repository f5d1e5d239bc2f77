/** The room's messages on the screen: placed by seq, grouped under heads, and never a jump of the scroll. */
import { dayOf, follows } from "./grouping.ts";
import type { Message } from "./message.ts";
import type { Outgoing } from "./outbox.ts";
import { copy, type RoomFacts, the } from "./page.ts";
import type { Rows } from "./rows.ts";
import { say, WORDS } from "./words.ts";

/** Within this many pixels of the end the reader follows the talk. */
const NEAR = 80;

export class Stream {
  readonly #list: HTMLOListElement;
  readonly #jump: HTMLButtonElement;
  readonly #outgoing: HTMLElement;
  #fresh = 0;
  /** The reader follows the talk: when the room for it shrinks, the end stays in view. */
  #following = true;
  /** What the page has opened at, and how far that is down; it stays in view until the reader scrolls. */
  #held: Element | null = null;
  #top = 0;
  #line: HTMLElement | null;

  constructor(
    private readonly box: HTMLElement,
    private readonly rows: Rows,
    readonly facts: RoomFacts,
    /** The reader has seen everything down to this seq. */
    public seen: (seq: number) => void,
  ) {
    this.#list = the("ol.said-here", box);
    this.#jump = the(".jump", box.parentElement as Element);
    this.#line = this.#list.querySelector(".newline");
    this.#outgoing = copy("t-mine");
    this.#outgoing.hidden = true;
    rows.badge(this.#outgoing, facts.me);
    this.#list.append(this.#outgoing);
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const grows = new ResizeObserver(() => (this.#following ? this.toEnd() : this.#hold()));
    for (const part of [box, this.#list]) grows.observe(part);
    document.addEventListener("visibilitychange", () => this.#returned());
    this.#jump.addEventListener("click", () => this.toEnd());
  }

  /** Where the reader stands when the page opens: at what was sought, or the first new message, else at the end. */
  open(): void {
    this.#held = this.#list.querySelector(".said.sought") ?? this.#line;
    this.#fresh = this.#list.querySelectorAll(".newline ~ .post:not(.mine) .said").length;
    if (this.#line) the("span", this.#jump).textContent = this.#line.textContent;
    if (this.#held) this.#hold();
    else this.toEnd();
    this.#scrolled();
  }

  #hold(): void {
    this.#held?.scrollIntoView({ block: "center" });
    this.#top = this.box.scrollTop;
  }

  append(message: Message): void {
    const following = this.#near();
    const own = message.author.id === this.facts.me;
    if (!own && (document.hidden || !following)) this.#mark();
    this.#place(message);
    const parent = message.reply_to && this.find(message.reply_to);
    if (parent) this.rows.replied(parent);
    if (own || following) this.toEnd();
    this.#look();
  }

  replace(page: Message[]): void {
    for (const old of this.#list.querySelectorAll(".day, .newline, .post:not(.outgoing)")) old.remove();
    this.#line = null;
    this.#outgoing.before(this.built(page));
    this.toEnd();
    this.#look();
  }

  patch(message: Message): void {
    const said = this.find(message.id);
    if (said) this.rows.patch(said, message);
  }

  /** Takes the words away, and says why they are not there. */
  erase(id: string, why: string): void {
    const said = this.find(id);
    if (!said) return;
    said.classList.add("gone");
    the(".words", said).textContent = why;
    for (const part of said.querySelectorAll<HTMLElement>(".edited, .reacts, .re")) part.hidden = true;
    this.rows.attach(said);
  }

  outgoing(items: readonly Outgoing[], wait: string): void {
    const following = this.#near();
    const before = [...this.#outgoing.querySelectorAll<HTMLElement>(".said")];
    const grew = items.length > before.length;
    // What stands there stays: it may be pressed just now.
    const now = items.map((item) =>
      this.rows.outgoing(
        item,
        wait,
        before.find((said) => said.dataset.client === item.client_id),
      ),
    );
    for (const said of before) if (!now.includes(said)) said.remove();
    now.reduceRight<HTMLElement | null>((next, said) => {
      if (!said.isConnected) this.#outgoing.insertBefore(said, next);
      return said;
    }, null);
    this.#outgoing.hidden = !items.length;
    const newest = items.at(-1);
    if (newest) this.rows.time(the<HTMLTimeElement>(".by time", this.#outgoing), newest.at);
    if (following || (grew && newest?.state === "waiting")) this.toEnd();
  }

  find(id: string): HTMLElement | null {
    return this.box.querySelector(`.said[data-id="${id}"]`);
  }

  toEnd(): void {
    this.box.scrollTop = this.box.scrollHeight;
  }

  #place(message: Message): void {
    const posts = this.#list.querySelectorAll<HTMLElement>(".post:not(.outgoing)");
    const last = posts[posts.length - 1] ?? null;
    const before = last && saidIn(last);
    if (last && follows(before, { author: message.author.id, at: message.created_at }, this.facts.zone)) {
      if (!last.nextElementSibling?.classList.contains("newline")) {
        last.append(this.rows.said(message));
        return;
      }
    }
    const day = before ? dayOf(before.at, this.facts.zone) : null;
    if (day !== dayOf(message.created_at, this.facts.zone)) this.#outgoing.before(this.rows.day(message.created_at));
    const post = this.rows.head(message);
    post.append(this.rows.said(message));
    this.#outgoing.before(post);
  }

  /** Messages as rows, under the heads and days that they need. */
  built(page: Message[]): DocumentFragment {
    const made = document.createDocumentFragment();
    let before: { author: string; at: string } | null = null;
    for (const message of page) {
      const next = { author: message.author.id, at: message.created_at };
      const newDay: boolean = !before || dayOf(before.at, this.facts.zone) !== dayOf(next.at, this.facts.zone);
      if (newDay) made.append(this.rows.day(next.at));
      if (newDay || !follows(before, next, this.facts.zone)) made.append(this.rows.head(message));
      made.lastElementChild?.append(this.rows.said(message));
      before = next;
    }
    return made;
  }

  /** Counts a message that came unseen, above which the line of new messages stands. */
  #mark(): void {
    this.#fresh += 1;
    if (!this.#line) {
      this.#line = copy("t-newline");
      this.#outgoing.before(this.#line);
    }
    for (const place of [this.#line, this.#jump]) {
      the("span", place).textContent = say(WORDS.fresh, { count: this.#fresh });
    }
  }

  #near(): boolean {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR;
  }

  #scrolled(): void {
    if (this.box.scrollTop !== this.#top) this.#held = null;
    this.#following = this.#near();
    this.#look();
  }

  #look(): void {
    const near = this.#near();
    const shown = !document.hidden && this.box.clientHeight > 0;
    if (near && shown) {
      this.#fresh = 0;
      const said = this.#list.querySelectorAll<HTMLElement>(".said[data-seq]");
      const last = Number(said[said.length - 1]?.dataset.seq ?? 0);
      if (last) this.seen(last);
    }
    this.#jump.hidden = near || !this.#fresh;
  }

  /** Leaving takes away a line that has been read, so that the next absence draws its own. */
  #returned(): void {
    if (!document.hidden) this.#look();
    else if (this.#near()) this.#forget();
  }

  #forget(): void {
    this.#line?.remove();
    this.#line = null;
    this.#fresh = 0;
  }
}

/** Whose post it is, and when its last message was written. */
export function saidIn(post: HTMLElement): { author: string; at: string } {
  const said = post.querySelectorAll<HTMLElement>(".said");
  return { author: post.dataset.author ?? "", at: said[said.length - 1]?.dataset.at ?? "" };
}
