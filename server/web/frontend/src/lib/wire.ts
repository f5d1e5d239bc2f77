/**
 * The browser's end of the wire for one room: exactly-once rendering over at-least-once delivery.
 *
 * Knows no DOM and no socket library; `Transport` is socket.io in the page (`socket.ts`) and a fake in the tests.
 */
import type { Joined, Message, Mute, Notice, Posted, PresenceChange, Synced, Unread } from "./message.ts";
import { Outbox, type Outgoing, type Shelf } from "./outbox.ts";
import { Recount } from "./recount.ts";
import { Lost, Refused } from "./refusal.ts";
import { Sequence } from "./sequence.ts";
import { Versions } from "./versions.ts";

export const ACK_TIMEOUT_MS = 10_000;
const RETRY_MS = 1_000;
const RECENT = 50;
const READ_EVERY_MS = 1_000;
const WATCH_WITHIN_MS = 1_000;

/** `ended` is final: the server sent us away (ban, sign-out, closed channel) and says why. */
export type Link = { state: "online" } | { state: "offline" } | { state: "ended"; code: string; reason: string };

export interface Transport {
  /** Resolves with the `ok` of the acknowledgement; rejects with `Refused` or, without an answer, `Lost`. */
  request<T>(event: string, payload: object, timeoutMs: number): Promise<T>;
  on(event: string, listener: (payload: never) => void): void;
  onLink(listener: (link: Link) => void): void;
}

export interface WireHooks {
  show(message: Message): void;
  /** Too much was missed: the view starts again from this page. */
  replace(page: Message[]): void;
  edited(message: Message): void;
  deleted(event: { id: string; seq: number }): void;
  reacted(event: { message: string; emoji: string; count: number }): void;
  outgoing(items: readonly Outgoing[]): void;
  link(link: Link): void;
  online(count: number): void;
  /** `missed` when only a fresh list of who is here helps. */
  presence(change: PresenceChange): "current" | "missed" | undefined;
  typing(names: string[], more: number): void;
  read(room: string, seq: number): void;
  unread(counts: Record<string, Unread>): void;
  /** A moderator took the words of a message away. */
  hidden(id: string): void;
  /** Each student waits so long between two messages; 0: no more. */
  slowed(seconds: number): void;
  /** Why we may not write, and until when; empty: we may again. */
  muted(mute: Mute): void;
  notice(notice: Notice): void;
  /** Another device has read notices; so many are left. */
  bell(unread: number): void;
}

export interface WireOptions {
  room: string;
  /** The highest seq the server rendered into the page. */
  last: number;
  shelf: Shelf;
  /** A page over HTTP, ascending: the newest, or that before a seq. */
  page(before?: number): Promise<Message[]>;
  /** One message as it is now. */
  message(id: string): Promise<Message>;
}

export class Wire {
  readonly outbox: Outbox;
  readonly #sequence: Sequence;
  readonly #versions = new Versions();
  readonly #recount = new Recount((id) => void this.#present(id));
  #up = false;
  #catching: Promise<void> | null = null;
  #target = 0;
  /** What was shown last before words may have changed unheard; Infinity while none may have. */
  #shown = Infinity;
  #links = 0;
  #readTo = 0;
  #readTimer: ReturnType<typeof setTimeout> | null = null;
  #watchTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly transport: Transport,
    /** What is told of the room; whoever comes late may listen too. */
    public hooks: WireHooks,
    private readonly options: WireOptions,
  ) {
    this.#sequence = new Sequence(options.last, {
      deliver: (message) => {
        this.hooks.show(this.#versions.latest(message));
        this.outbox.shown(message.seq);
      },
      behind: (seq) => void this.#catchUp(seq),
    });
    this.outbox = new Outbox(options.shelf, {
      post: ({ client_id, room, body, reply_to, files }) =>
        this.#ask<Posted>("message.post", { room, client_id, body, reply_to, files: files?.map(({ id }) => id) }),
      acknowledged: (_item, posted) => this.#acknowledged(posted.seq),
      changed: () => this.hooks.outgoing(this.outbox.items),
    });
  }

  get last(): number {
    return this.#sequence.last;
  }

  start(): void {
    this.#listen();
    this.transport.onLink((link) => this.#linked(link));
    void this.outbox.restore();
  }

  post(body: string, replyTo: string | null = null, files: Outgoing["files"] = []): Promise<void> {
    return this.outbox.add(this.options.room, body, replyTo, files);
  }

  /** `edited_at` is when the words that the writer saw were changed last. */
  edit(id: string, body: string, edited_at: string | null): Promise<void> {
    return this.#ask("message.edit", { id, body, edited_at });
  }

  delete(id: string): Promise<void> {
    return this.#ask("message.delete", { id });
  }

  react(message: string, emoji: string, on: boolean): Promise<void> {
    return this.#ask("reaction.set", { message, emoji, on });
  }

  /** Tells the room that we are typing; losing this is no loss. */
  typing(): void {
    this.#tell("typing", { room: this.options.room });
  }

  /** Marks the room read up to `seq`; merged, never backwards, sent at most once a second. */
  read(seq: number): void {
    if (seq <= this.#readTo) return;
    this.#readTo = seq;
    this.#readTimer ??= setTimeout(() => {
      this.#readTimer = null;
      this.#tell("read", { room: this.options.room, seq: this.#readTo });
    }, READ_EVERY_MS);
  }

  #listen(): void {
    const here = <T extends { room: string }>(event: string, take: (payload: T) => void) =>
      this.transport.on(event, (payload: T) => {
        if (payload.room === this.options.room) take(payload);
      });
    here<Message>("message.posted", (message) => this.#sequence.offer(message));
    here<Message>("message.edited", (message) => {
      this.#versions.heard(message.id);
      this.hooks.edited(this.#versions.latest(message));
      this.#sequence.expect(message.seq);
    });
    here("message.deleted", (event: { room: string; id: string; seq: number }) => {
      this.#versions.deleted(event.id);
      this.hooks.deleted(event);
    });
    here("message.hidden", (event: { room: string; id: string }) => {
      this.#versions.hidden(event.id);
      this.hooks.hidden(event.id);
    });
    here<Message>("message.restored", (message) => this.hooks.edited(this.#versions.restored(message)));
    here("room.slowed", (event: { room: string; seconds: number }) => this.hooks.slowed(event.seconds));
    here("reaction.changed", (event: { room: string; message: string; emoji: string; count: number }) => {
      this.#versions.heard(event.message);
      this.hooks.reacted(event);
      this.#recount.heard(event.message);
    });
    here("typing", (event: { room: string; names: string[]; more: number }) =>
      this.hooks.typing(event.names, event.more),
    );
    here<PresenceChange>("presence.changed", (change) => {
      if (this.hooks.presence(change) === "missed") this.#watchSoon();
    });
    this.transport.on("read", (event: { room: string; seq: number }) => this.hooks.read(event.room, event.seq));
    this.transport.on("unread", (counts: Record<string, Unread>) => this.hooks.unread(counts));
    this.transport.on("muted", (mute: Mute) => this.hooks.muted(mute));
    this.transport.on("notice", (notice: Notice) => this.hooks.notice(notice));
    this.transport.on("bell", ({ unread }: { unread: number }) => this.hooks.bell(unread));
    this.transport.on("heads", (heads: Record<string, number>) => {
      const head = heads[this.options.room];
      if (head !== undefined) this.#sequence.expect(head);
    });
  }

  #linked(link: Link): void {
    this.#up = link.state === "online";
    this.#links += 1;
    this.outbox.close();
    this.hooks.link(link);
    if (this.#up) void this.#enter();
  }

  /** Asks who is here, in a while: everybody may have missed the same change. */
  #watchSoon(): void {
    this.#watchTimer ??= setTimeout(() => {
      this.#watchTimer = null;
      this.#tell("presence.watch", { room: this.options.room });
    }, Math.random() * WATCH_WITHIN_MS);
  }

  async #enter(): Promise<void> {
    const before = this.last;
    const link = this.#links;
    this.#shown = Math.min(this.#shown, before);
    try {
      const joined = await this.#ask<Joined>("room.join", { room: this.options.room });
      this.#versions.renewed();
      this.hooks.online(joined.online);
      this.#tell("presence.watch", { room: this.options.room });
      await (joined.head_seq < before ? this.#reload() : this.#catchUp(joined.head_seq));
      if (this.#up) this.outbox.open();
      await this.#refresh();
      if (link === this.#links) this.#shown = Infinity;
    } catch (fault) {
      this.#refusedOrLater(fault, () => this.#enter());
    }
  }

  #refusedOrLater(fault: unknown, again: () => Promise<void>): void {
    if (fault instanceof Refused && !fault.passing) {
      this.hooks.link({ state: "ended", code: fault.code, reason: fault.message });
    } else if (this.#up) {
      setTimeout(() => this.#up && void again(), RETRY_MS);
    }
  }

  #acknowledged(seq: number): void {
    this.outbox.shown(this.last);
    this.#sequence.expect(seq);
  }

  /** Reads the room up to at least `head`; callers share one run. */
  #catchUp(head: number): Promise<void> {
    this.#target = Math.max(this.#target, head);
    this.#catching ??= this.#fetch().finally(() => {
      this.#catching = null;
    });
    return this.#catching;
  }

  async #fetch(): Promise<void> {
    while (this.#up && this.last < this.#target) {
      try {
        const after = this.last;
        const page = await this.#ask<Synced>("room.sync", { room: this.options.room, after_seq: after });
        if (page.reset) return await this.#reload();
        this.#sequence.fill(page.messages);
        this.#target = Math.max(page.head_seq, this.last);
        if (this.last === after) return;
      } catch (fault) {
        if (fault instanceof Refused && !fault.passing) return;
        await new Promise((done) => setTimeout(done, RETRY_MS));
      }
    }
  }

  async #reload(): Promise<void> {
    const page = await this.options.page();
    const head = page.at(-1)?.seq ?? 0;
    this.#target = head;
    this.#shown = Math.max(this.#shown, head);
    this.#sequence.restart(head);
    this.hooks.replace(page.map((message) => this.#versions.latest(message)));
    this.outbox.shown(head);
  }

  /**
   * Edits, deletions and reactions have no seq of their own: those made before we heard the room are read in pages,
   * down to what was the newest page on screen when we began.
   */
  async #refresh(): Promise<void> {
    let first: number | undefined;
    do {
      const page = await this.options.page(first);
      for (const message of page) {
        if (message.seq <= this.last) await this.#present(message.id, message);
      }
      first = page[0]?.seq;
      // An empty page ends it, too.
    } while ((first as number) > Math.max(1, this.#shown - RECENT + 1));
  }

  /** Shows a message as it is now: as it was read a moment ago, unless it was heard of since. */
  async #present(id: string, read?: Message): Promise<void> {
    const message = await this.#versions.settled(id, this.options.message, read).catch(() => null);
    // What cannot be read stays as it was heard.
    if (message) this.hooks.edited(this.#versions.latest(message));
  }

  #ask<T>(event: string, payload: object): Promise<T> {
    if (!this.#up) return Promise.reject(new Lost(event));
    return this.transport.request<T>(event, payload, ACK_TIMEOUT_MS);
  }

  #tell(event: string, payload: object): void {
    this.#ask(event, payload).catch(() => undefined);
  }
}
