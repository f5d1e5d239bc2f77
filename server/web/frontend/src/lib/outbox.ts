/** The outgoing queue of one room: a message stays until the server has acknowledged it, through reloads and lost acks. */
import type { Posted } from "./message.ts";
import { Refused } from "./refusal.ts";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** How long a message waits for its place on the shelf; then it goes out without one. */
export const SHELF_MS = 300;

export type OutgoingState = "waiting" | "sending" | "sent" | "failed";

export interface Outgoing {
  client_id: string;
  room: string;
  body: string;
  reply_to: string | null;
  /** Files that were uploaded for it. */
  files?: { id: string; name: string }[];
  at: number;
  state: OutgoingState;
  reason: string | null;
  /** What the server calls the refusal; missing in what older pages left. */
  code?: string;
  /** Known once acknowledged; the row is replaced when this seq is delivered. */
  seq: number | null;
}

/** Where unsent messages lie between page loads; its promises never reject, but may never settle. */
export interface Shelf {
  load(): Promise<Outgoing[]>;
  keep(item: Outgoing): Promise<void>;
  drop(clientId: string): Promise<void>;
}

export interface OutboxHooks {
  post(item: Outgoing): Promise<Posted>;
  acknowledged(item: Outgoing, posted: Posted): void;
  changed(): void;
}

export class Outbox {
  #items: Outgoing[] = [];
  #open = false;
  #pumping = false;
  #wake: (() => void) | null = null;
  #lifted = "";

  constructor(
    private readonly shelf: Shelf,
    private readonly hooks: OutboxHooks,
  ) {}

  /** What is not yet part of the room, oldest first. */
  get items(): readonly Outgoing[] {
    return this.#items;
  }

  /** Brings back what an earlier page left unsent. */
  async restore(): Promise<void> {
    const found = await this.shelf.load();
    const known = new Set(this.#items.map((item) => item.client_id));
    const kept = found.filter((item) => !known.has(item.client_id));
    for (const item of kept) if (item.state !== "failed") item.state = "waiting";
    this.#items = [...kept, ...this.#items].sort((a, b) => a.at - b.at);
    if (kept.length) this.#forgive();
    void this.#pump();
  }

  /** Queues a message; it is on the shelf before it is on the wire, unless the shelf does not answer. */
  async add(room: string, body: string, replyTo: string | null, files: Outgoing["files"] = []): Promise<void> {
    const item: Outgoing = {
      client_id: uuid(),
      room,
      body,
      reply_to: replyTo,
      files,
      at: Date.now(),
      state: "waiting",
      reason: null,
      seq: null,
    };
    this.#items.push(item);
    this.hooks.changed();
    await Promise.race([this.shelf.keep(item), new Promise((done) => setTimeout(done, SHELF_MS))]);
    void this.#pump();
  }

  retry(clientId: string): void {
    const item = this.#items.find((each) => each.client_id === clientId && each.state === "failed");
    if (!item) return;
    item.state = "waiting";
    item.reason = null;
    this.hooks.changed();
    this.#wake?.();
    void this.#pump();
  }

  /** What held messages back holds nothing back any more: those refused for it say so no longer, and can be sent. */
  lift(code: string): void {
    this.#lifted = code;
    this.#forgive();
  }

  #forgive(): void {
    for (const item of this.#items) if (item.code === this.#lifted) item.reason = null;
    this.hooks.changed();
  }

  discard(clientId: string): void {
    this.#items = this.#items.filter((item) => item.client_id !== clientId || item.state !== "failed");
    this.hooks.changed();
    void this.shelf.drop(clientId);
  }

  /** The wire is up: everything waiting goes out, in order, one at a time. */
  open(): void {
    this.#open = true;
    this.#wake?.();
    void this.#pump();
  }

  /** The wire is down: keep, do not send. */
  close(): void {
    this.#open = false;
    this.#wake?.();
  }

  /** The room now shows everything up to `last`; acknowledged rows it covers are done with. */
  shown(last: number): void {
    const left = this.#items.filter((item) => item.state !== "sent" || (item.seq ?? 0) > last);
    if (left.length === this.#items.length) return;
    this.#items = left;
    this.hooks.changed();
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    let pause = FIRST_PAUSE_MS;
    for (let item = this.#next(); item; item = this.#next()) {
      const wait = await this.#attempt(item, pause);
      pause = wait === null ? FIRST_PAUSE_MS : Math.min(pause * 2, LONGEST_PAUSE_MS);
      if (wait !== null && this.#open) await this.#rest(wait);
    }
    this.#pumping = false;
  }

  #next(): Outgoing | undefined {
    return this.#open ? this.#items.find((item) => item.state === "waiting") : undefined;
  }

  /** One try; the answer is how long to rest before the next, or null when this item needs no other. */
  async #attempt(item: Outgoing, pause: number): Promise<number | null> {
    this.#mark(item, "sending");
    try {
      const posted = await this.hooks.post(item);
      item.seq = posted.seq;
      this.#mark(item, "sent");
      void this.shelf.drop(item.client_id);
      this.hooks.acknowledged(item, posted);
      return null;
    } catch (fault) {
      if (fault instanceof Refused && !fault.passing) return this.#fail(item, fault);
      this.#mark(item, "waiting");
      return fault instanceof Refused && fault.retryAfter !== null ? fault.retryAfter * 1_000 : pause;
    }
  }

  #fail(item: Outgoing, fault: Refused): null {
    item.reason = fault.message;
    item.code = fault.code;
    this.#mark(item, "failed");
    void this.shelf.keep(item);
    return null;
  }

  #mark(item: Outgoing, state: OutgoingState): void {
    item.state = state;
    this.hooks.changed();
  }

  async #rest(ms: number): Promise<void> {
    await new Promise<void>((done) => {
      const timer = setTimeout(done, ms);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
    });
    this.#wake = null;
  }
}

/** A random UUID (RFC 9562, version 4); `crypto.randomUUID` is missing on plain-http hosts. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
