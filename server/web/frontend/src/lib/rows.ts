/** One message as an element, and the head above it; the markup itself comes from the page's templates. */
import { clock, dayName } from "./dates.ts";
import { dayOf } from "./grouping.ts";
import { read } from "./markup.ts";
import type { Message } from "./message.ts";
import type { Names } from "./names.ts";
import type { Outgoing } from "./outbox.ts";
import { copy, type RoomFacts, the } from "./page.ts";
import { portrait } from "./tile.ts";
import { number, say, WORDS } from "./words.ts";

export class Rows {
  constructor(
    private readonly facts: RoomFacts,
    private readonly names: Names,
    /** What the ids of elements begin with: a message may stand on a page twice. */
    private readonly mark = "m-",
  ) {}

  /** A head with no words under it yet. */
  head(message: Message): HTMLElement {
    const post = copy("t-post");
    post.dataset.author = message.author.id;
    post.classList.toggle("mine", message.author.id === this.facts.me);
    post.prepend(portrait(message.author));
    the(".by b", post).textContent = message.author.name;
    the<HTMLAnchorElement>(".who", post).href = `/c/${this.facts.channel}/people/${message.author.id}`;
    this.badge(post, message.author.id);
    if (message.author.program) void import("./program.ts").then(({ mark }) => mark(post));
    this.time(the<HTMLTimeElement>(".by time", post), message.created_at);
    the<HTMLAnchorElement>(".when", post).href += `?at=${message.seq}#m-${message.seq}`;
    return post;
  }

  /** Shows beside a name what its person is here, as the list of people says it. */
  badge(post: HTMLElement, author: string): void {
    const listed = document.querySelector<HTMLElement>(`.about [data-person="${author}"]`);
    const tag = the(".by .tag", post);
    tag.textContent = listed?.dataset.role ?? "";
    tag.hidden = !tag.textContent;
  }

  said(message: Message): HTMLElement {
    const said = copy("t-said");
    said.id = this.mark + message.seq;
    said.dataset.id = message.id;
    said.dataset.seq = String(message.seq);
    said.dataset.at = message.created_at;
    said.dataset.author = message.author.id;
    this.patch(said, message);
    return said;
  }

  /** Brings an element to the message's present state; what we had pressed stays pressed. */
  patch(said: HTMLElement, message: Message): void {
    complete(said);
    const gone = message.deleted || message.hidden;
    // Whoever was told by the page what a message is hidden for stays told.
    if (!(message.hidden && said.classList.contains("told"))) {
      const words = the(".words", said);
      const now = words.cloneNode() as HTMLElement;
      now.append(message.deleted ? WORDS.deleted : message.hidden ? WORDS.hidden : read(message.html));
      // The same words stay, with what the reader has marked in them.
      if (!now.isEqualNode(words)) words.replaceChildren(...now.childNodes);
      this.attach(said, gone ? undefined : message);
      said.classList.remove("told");
    }
    said.dataset.body = message.body;
    said.dataset.edited = message.edited_at ?? "";
    said.classList.toggle("gone", gone);
    said.classList.toggle("tome", this.#meansMe(the(".words", said)));
    this.#replies(said, message.thread?.count ?? 0);
    the(".edited", said).hidden = gone || !message.edited_at;
    this.#reply(said, message);
    const reacts = the(".reacts", said);
    const now = message.reactions.map(({ emoji }) => emoji);
    for (const old of reacts.querySelectorAll<HTMLElement>("[data-emoji]"))
      if (!now.includes(emojiOf(old))) old.remove();
    for (const { emoji, count } of message.reactions) this.react(said, emoji, count);
  }

  /** Shows the files of a message, what its link leads to, and its poll. */
  attach(said: HTMLElement, message?: Message): void {
    const box = the(".files", said);
    if (message?.files?.[0] || message?.preview || message?.poll || box.firstChild)
      void import("./attached.ts").then(({ show }) => show(box, message));
  }

  /** Sets one reaction's count; none left takes the button away. `pressed` null leaves ours as it was. */
  react(said: HTMLElement, emoji: string, count: number, pressed: boolean | null = null): void {
    complete(said);
    const reacts = the(".reacts", said);
    const old = [...reacts.querySelectorAll<HTMLElement>("[data-emoji]")].find((each) => emojiOf(each) === emoji);
    const button = old ?? copy("t-react");
    button.dataset.emoji = emoji;
    the("span", button).textContent = emoji;
    the(".num", button).textContent = number(count);
    if (pressed !== null) button.setAttribute("aria-pressed", String(pressed));
    if (count <= 0) button.remove();
    else if (!old) reacts.querySelector(".add")?.before(button);
    reacts.hidden = !reacts.querySelector("[data-emoji]");
  }

  day(at: string): HTMLElement {
    const line = copy("t-day");
    line.dataset.day = dayOf(at, this.facts.zone);
    the("time", line).textContent = dayName(at, this.facts.zone);
    return line;
  }

  /** One of ours that is not part of the room yet, in its row if it has one; `wait` says what it waits for. */
  outgoing(item: Outgoing, wait: string, said = copy("t-outgoing")): HTMLElement {
    said.dataset.client = item.client_id;
    said.classList.toggle("failed", item.state === "failed");
    the("p", said).textContent = this.names.spoken(item.body);
    the(".names", said).textContent = (item.files ?? []).map((file) => file.name).join(", ");
    the(".state.wait", said).hidden = item.state === "failed" || item.state === "sent";
    the(".state.wait span", said).textContent = wait;
    the(".state.bad", said).hidden = item.state !== "failed";
    the(".state.bad span", said).textContent = `${WORDS.notSent} ${item.reason ?? ""}`;
    return said;
  }

  time(element: HTMLTimeElement, at: string | number): void {
    element.dateTime = new Date(at).toISOString();
    element.textContent = clock(at, this.facts.zone);
  }

  /** Counts one more reply under a message. */
  replied(said: HTMLElement): void {
    this.#replies(said, Number(said.dataset.replies ?? 0) + 1);
  }

  #replies(said: HTMLElement, count: number): void {
    said.dataset.replies = String(count);
    complete(said);
    const link = the<HTMLAnchorElement>(".replies", said);
    link.hidden = !count;
    link.href = link.href.replace(/\d*$/, said.dataset.seq ?? "");
    the("span", link).textContent = say(WORDS.replies, { count });
  }

  #meansMe(words: HTMLElement): boolean {
    const { me, groups } = this.facts;
    const marks = [...words.querySelectorAll<HTMLElement>(".mention")];
    return marks.some(({ dataset }) => dataset.member === me || groups.includes(dataset.group ?? ""));
  }

  #reply(said: HTMLElement, message: Message): void {
    const link = the<HTMLAnchorElement>(".re", said);
    link.hidden = !message.reply_to || message.deleted || message.hidden;
    if (!message.reply_to) return;
    const target = document.querySelector<HTMLElement>(`.said[data-id="${message.reply_to}"]`);
    if (target) link.href = `#${target.id}`;
    the("span", link).textContent = say(WORDS.reply, { name: target ? nameOf(target) : WORDS.earlier });
  }
}

/** The page leaves out what is empty: gives a message all its parts, each in its place. */
export function complete(said: HTMLElement): void {
  let next: Element | null = null;
  for (const part of [...copy("t-said").children].reverse()) {
    const own = said.querySelector(`.${part.classList[0]}`);
    next = own ? own.closest(".said > *") : said.insertBefore(part, next);
  }
}

/** Who said it, as the head above it shows. */
export function nameOf(said: Element): string {
  return said.closest(".post")?.querySelector(".by b")?.textContent ?? "";
}

function emojiOf(button: HTMLElement): string {
  return button.dataset.emoji ?? "";
}
