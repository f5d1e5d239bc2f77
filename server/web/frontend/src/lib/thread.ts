/**
 * One thread, live: a message and the replies to it, beside their room or on a page of their own.
 *
 * The room's wire delivers each reply once and in order; what stood before is read over HTTP, and what comes meanwhile
 * waits until that is there.
 */
import { call } from "./api.ts";
import { LATER } from "./later.ts";
import type { Message } from "./message.ts";
import type { Outgoing } from "./outbox.ts";
import { Refused } from "./refusal.ts";
import { Versions } from "./versions.ts";
import type { WireHooks } from "./wire.ts";

/** So many replies are read at once. */
export const MOST = 100;
const READ_EVERY_MS = 1_000;
const AGAIN_MS = 3_000;

export interface Standing {
  last_seq: number;
  following: boolean;
}

/** Where a thread is shown. */
export interface View {
  /** Shows it from its beginning, in place of what stands there. */
  whole(root: Message, replies: Message[]): void;
  add(reply: Message): void;
  patch(message: Message): void;
  erase(id: string, why: "deleted" | "hidden"): void;
  react(id: string, emoji: string, count: number): void;
  outgoing(items: readonly Outgoing[], online: boolean): void;
  has(id: string): boolean;
  follows(on: boolean): void;
  /** Nothing can be written any more, or it can again. */
  silent(on: boolean): void;
  /** Why it cannot be read; empty when it can. */
  fault(why: string): void;
}

export class Thread {
  readonly #versions = new Versions();
  readonly #address: string;
  #waiting: Message[] | null = null;
  #reading = Promise.resolve();
  #items: readonly Outgoing[] = [];
  #online: boolean;
  #closed = false;
  /** It stands on the screen. */
  #known: boolean;
  #seen = 0;
  #told = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `shown` when the server has drawn it already. */
  constructor(
    private readonly api: string,
    readonly root: string,
    private readonly facts: { me: string; room: string },
    private readonly view: View,
    given: { shown: boolean; online: boolean },
  ) {
    this.#address = `${api}/messages/${root}/thread`;
    this.#known = given.shown;
    this.#online = given.online;
  }

  /** What of the wire concerns it. */
  readonly hooks: Partial<WireHooks> = {
    show: (message) => this.#heard(message),
    replace: () => void this.read(),
    edited: (message) => {
      this.#versions.heard(message.id);
      this.view.patch(this.#versions.restored(message));
    },
    deleted: ({ id }) => {
      this.#versions.deleted(id);
      this.view.erase(id, "deleted");
    },
    hidden: (id) => {
      this.#versions.hidden(id);
      this.view.erase(id, "hidden");
    },
    reacted: ({ message, emoji, count }) => {
      this.#versions.heard(message);
      this.view.react(message, emoji, count);
    },
    outgoing: (items) => this.#sending(items),
    online: () => void this.#renew(),
    link: (link) => {
      this.#online = link.state === "online";
      this.#sending(this.#items);
      if (link.state === "ended") this.view.silent(true);
    },
    muted: ({ said }) => this.view.silent(Boolean(said)),
  };

  /** Reads the thread anew, after the reading that is under way; what cannot be read now is tried again. */
  read(): Promise<void> {
    this.#waiting ??= [];
    this.#reading = this.#reading.then(() => this.#fetch());
    return this.#reading;
  }

  /** Replies before a seq, in order. */
  async page(query: string): Promise<Message[]> {
    const found = await call<{ items: Message[] }>("GET", `${this.#address}?limit=${MOST}${query}`);
    return found.items.map((message) => this.#versions.latest(message));
  }

  /** The reader has seen the replies up to a seq; told at most once a second, never backwards. */
  seen(seq: number): void {
    if (seq <= this.#seen) return;
    this.#seen = seq;
    this.#timer ??= setTimeout(() => void this.#mark(), READ_EVERY_MS);
  }

  /** Follows the thread, or no more; shown at once, and taken back when it is refused. */
  async follow(on: boolean): Promise<void> {
    this.view.follows(on);
    await call(on ? "PUT" : "DELETE", `${this.#address}/follow`).catch((fault) => {
      this.view.follows(!on);
      this.view.fault((fault as Error).message);
    });
  }

  /** Asks how the reader stands to it. */
  async stand(): Promise<void> {
    const standing = await this.#put(0);
    if (standing) this.view.follows(standing.following);
  }

  /** It is shown no more: what has been seen is told, and nothing is heard. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    if (this.#seen > this.#told) void this.#put(this.#seen);
  }

  #heard(message: Message): void {
    if (message.reply_to !== this.root) return;
    if (this.#waiting) this.#waiting.push(message);
    else if (!this.view.has(message.id)) this.view.add(message);
    // Who writes in a thread follows it.
    if (message.author.id === this.facts.me) this.view.follows(true);
  }

  async #fetch(): Promise<void> {
    this.#waiting ??= [];
    while (!this.#closed) {
      try {
        const [root, ...replies] = await this.#now();
        if (root && !this.#closed) this.#draw(root, replies);
        return;
      } catch (fault) {
        this.view.fault(fault instanceof Refused && !fault.passing ? fault.message : LATER.unread);
        if (fault instanceof Refused && !fault.passing) return;
        await new Promise((done) => setTimeout(done, AGAIN_MS));
      }
    }
  }

  /** The first message and its replies, as they are when all is read. */
  async #now(): Promise<Message[]> {
    const one = (id: string) => call<Message>("GET", `${this.api}/messages/${id}`);
    const [root, replies] = await Promise.all([one(this.root), this.page("")]);
    const settled = (message: Message) => this.#versions.settled(message.id, one, message).catch(() => message);
    const all = await Promise.all([root, ...replies].map(settled));
    return all.map((message) => this.#versions.latest(message));
  }

  #draw(root: Message, replies: Message[]): void {
    this.view.whole(root, replies);
    this.view.fault("");
    this.#known = true;
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const message of waiting) {
      if (!this.view.has(message.id)) this.view.add(this.#versions.latest(message));
    }
    this.#sending(this.#items);
  }

  /** We hear the room again: edits and ends have no seq by which they would be missed, so all is looked at anew. */
  async #renew(): Promise<void> {
    this.#versions.renewed();
    if (!this.#known) return;
    for (const message of await this.#now().catch(() => [])) this.view.patch(message);
    if (this.#seen > this.#told) await this.#mark();
  }

  #sending(items: readonly Outgoing[]): void {
    this.#items = items;
    this.view.outgoing(
      items.filter((item) => item.reply_to === this.root),
      this.#online,
    );
  }

  async #mark(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const upto = this.#seen;
    const standing = this.#closed ? null : await this.#put(upto);
    if (standing) this.#told = Math.max(this.#told, upto);
  }

  #put(seq: number): Promise<Standing | null> {
    return call<Standing>("PUT", `${this.#address}/read`, { seq }).catch(() => null);
  }
}
