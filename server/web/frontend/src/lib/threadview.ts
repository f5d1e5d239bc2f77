/** A thread as it stands on the screen: the message it began with, and below it the replies. */
import { hush } from "./hushed.ts";
import { LATER } from "./later.ts";
import type { Message } from "./message.ts";
import type { Outgoing } from "./outbox.ts";
import { the } from "./page.ts";
import { readBack } from "./readback.ts";
import type { Rows } from "./rows.ts";
import type { Stream } from "./stream.ts";
import { MOST, type Thread, type View } from "./thread.ts";
import { WORDS } from "./words.ts";

export class ThreadView implements View {
  readonly #follow: HTMLFormElement | null;

  constructor(
    private readonly talk: HTMLElement,
    private readonly stream: Stream,
    private readonly rows: Rows,
  ) {
    this.#follow = talk.querySelector("form.follow");
  }

  /** Has the reader's hand follow the thread, and their eyes read it further back. */
  serve(thread: Thread): void {
    this.#follow?.addEventListener("submit", (event) => {
      event.preventDefault();
      void thread.follow(the<HTMLButtonElement>("button", this.#follow as HTMLElement).name === "on");
    });
    this.stream.seen = (seq) => thread.seen(seq);
    const reading = { stream: this.stream, pageOf: (query: string) => thread.page(query) };
    readBack(the(".stream", this.talk), reading, MOST);
  }

  whole(root: Message, replies: Message[]): void {
    const post = this.rows.head(root);
    post.append(this.rows.said(root));
    the(".rootof", this.talk).replaceChildren(post);
    this.stream.replace(replies);
    this.talk.querySelector(".older")?.toggleAttribute("hidden", replies.length < MOST);
  }

  add(reply: Message): void {
    this.stream.append(reply);
  }

  patch(message: Message): void {
    this.stream.patch(message);
  }

  erase(id: string, why: "deleted" | "hidden"): void {
    this.stream.erase(id, WORDS[why]);
  }

  react(id: string, emoji: string, count: number): void {
    const said = this.stream.find(id);
    if (said) this.rows.react(said, emoji, count);
  }

  outgoing(items: readonly Outgoing[], online: boolean): void {
    this.stream.outgoing(items, online ? WORDS.sending : WORDS.waiting);
  }

  has(id: string): boolean {
    return this.stream.find(id) !== null;
  }

  follows(on: boolean): void {
    const button = this.#follow?.querySelector("button");
    if (!button) return;
    button.name = on ? "off" : "on";
    button.textContent = on ? LATER.unfollow : LATER.follow;
  }

  silent(on: boolean): void {
    const form = this.talk.querySelector<HTMLFormElement>("form.composer");
    if (form) hush(form, on);
  }

  fault(why: string): void {
    const notice = this.talk.querySelector<HTMLElement>(".strips .fault");
    if (!notice) return;
    the("p", notice).textContent = why;
    notice.hidden = !why;
  }
}
