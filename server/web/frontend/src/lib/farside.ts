/** For tests: the far side of the wire with faults on request, and a browser page that shows what it is told. */
import type { Message, Synced } from "./message.ts";
import type { Outgoing, Shelf } from "./outbox.ts";
import { Lost, type Refused } from "./refusal.ts";
import { type Link, type Transport, Wire, type WireHooks } from "./wire.ts";

export const ROOM = "room-1";

/** The far side of the wire, holding a room's messages as the database would, with faults on request. */
export class FarSide implements Transport {
  messages: Message[] = [];
  posts: string[] = [];
  syncs = 0;
  /** How often a single message was read. */
  reads = 0;
  /** How many of the next posts are stored but never acknowledged. */
  lostAcks = 0;
  /** Whether posted messages come back as live frames. */
  echo = true;
  refusals: Refused[] = [];
  lostPages = 0;
  /** What happens after a page was read, and before it is there. */
  between: () => void = () => undefined;
  resetBeyond = 500;
  #events = new Map<string, (payload: never) => void>();
  #link: (link: Link) => void = () => undefined;
  #up = false;

  onLink(listener: (link: Link) => void): void {
    this.#link = listener;
  }

  on(event: string, listener: (payload: never) => void): void {
    this.#events.set(event, listener);
  }

  connect(): void {
    this.#up = true;
    this.#link({ state: "online" });
  }

  drop(): void {
    this.#up = false;
    this.#link({ state: "offline" });
  }

  send(event: string, payload: unknown): void {
    if (this.#up) this.#events.get(event)?.(payload as never);
  }

  said(body: string, author = "eve"): Message {
    const message = made(this.messages.length + 1, body, author);
    this.messages.push(message);
    return message;
  }

  async request<T>(event: string, payload: object, timeoutMs: number): Promise<T> {
    if (!this.#up) throw new Lost(event);
    return (await this.#answer(event, payload as Record<string, never>, timeoutMs)) as T;
  }

  #answer(event: string, payload: Record<string, never>, timeoutMs: number): unknown {
    if (event === "room.join") return { room: ROOM, head_seq: this.messages.length, online: 1 };
    if (event === "room.sync") return this.#sync(payload);
    if (event === "message.post") return this.#post(payload, timeoutMs);
    return {};
  }

  #sync(payload: Record<string, never>): Synced {
    this.syncs += 1;
    const after = Number(payload.after_seq);
    if (this.messages.length - after > this.resetBeyond) {
      return { messages: [], head_seq: this.messages.length, reset: true };
    }
    return { messages: this.messages.slice(after, after + 100), head_seq: this.messages.length };
  }

  async #post(payload: Record<string, never>, timeoutMs: number): Promise<unknown> {
    const refused = this.refusals.shift();
    if (refused) throw refused;
    const clientId = String(payload.client_id);
    const fresh = !this.posts.includes(clientId);
    if (fresh) {
      this.posts.push(clientId);
      const message = this.said(String(payload.body), "me");
      if (this.echo) this.send("message.posted", message);
    }
    if (this.lostAcks > 0) {
      this.lostAcks -= 1;
      await new Promise((_done, fail) => setTimeout(() => fail(new Lost("ack")), timeoutMs));
    }
    return { id: clientId, seq: this.messages.length };
  }
}

export class MemoryShelf implements Shelf {
  items = new Map<string, Outgoing>();

  async load(): Promise<Outgoing[]> {
    return [...this.items.values()].map((item) => ({ ...item }));
  }

  async keep(item: Outgoing): Promise<void> {
    this.items.set(item.client_id, { ...item });
  }

  async drop(clientId: string): Promise<void> {
    this.items.delete(clientId);
  }
}

export function made(seq: number, body: string, author = "eve"): Message {
  return {
    id: `id-${seq}`,
    room: ROOM,
    seq,
    author: { id: author, name: author, avatar: null },
    body,
    html: `<p>${body}</p>`,
    created_at: "2026-11-21T09:00:00Z",
    edited_at: null,
    deleted: false,
    hidden: false,
    reply_to: null,
    thread: null,
    reactions: [],
  };
}

/** A browser page: what it shows is `screen`, by seq. */
export function page(far: FarSide, shelf: Shelf, last = 0) {
  const seen = {
    screen: far.messages.slice(0, last),
    outgoing: [] as readonly Outgoing[],
    links: [] as Link[],
    reloads: 0,
  };
  const ignore = () => undefined;
  const hooks: WireHooks = {
    show: (message) => void seen.screen.push(message),
    replace: (messages) => {
      seen.reloads += 1;
      seen.screen = [...messages];
    },
    edited: (message) => {
      seen.screen = seen.screen.map((each) => (each.seq === message.seq ? message : each));
    },
    deleted: ({ seq }) => {
      seen.screen = seen.screen.map((each) => (each.seq === seq ? { ...each, deleted: true, body: "" } : each));
    },
    hidden: (id) => {
      seen.screen = seen.screen.map((each) => (each.id === id ? { ...each, hidden: true, body: "" } : each));
    },
    slowed: ignore,
    muted: ignore,
    outgoing: (items) => {
      seen.outgoing = items.map((item) => ({ ...item }));
    },
    link: (link) => void seen.links.push(link),
    reacted: ({ message: id, emoji, count }) => {
      seen.screen = seen.screen.map((each) => (each.id === id ? { ...each, reactions: [{ emoji, count }] } : each));
    },
    online: ignore,
    presence: ignore,
    typing: ignore,
    read: ignore,
    unread: ignore,
    notice: ignore,
    bell: ignore,
  };
  const pageBefore = async (before = Number.POSITIVE_INFINITY) => {
    if (far.lostPages-- > 0) throw new Lost("page");
    const read = far.messages
      .filter((message) => message.seq < before)
      .slice(-50)
      .map((message) => ({ ...message }));
    far.between();
    return read;
  };
  const message = async (id: string) => {
    far.reads += 1;
    return { ...(far.messages.find((each) => each.id === id) as Message) };
  };
  const wire = new Wire(far, hooks, { room: ROOM, last, shelf, page: pageBefore, message });
  wire.start();
  return { wire, seen, seqs: () => seen.screen.map((message) => message.seq) };
}
