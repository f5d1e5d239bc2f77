import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Message, Synced } from "./message.ts";
import type { Outgoing, Shelf } from "./outbox.ts";
import { Lost, Refused } from "./refusal.ts";
import { HOLD_MS } from "./sequence.ts";
import { ACK_TIMEOUT_MS, type Link, type Transport, Wire, type WireHooks } from "./wire.ts";

const ROOM = "room-1";

/** The far side of the wire, holding a room's messages as the database would, with faults on request. */
class FarSide implements Transport {
  messages: Message[] = [];
  posts: string[] = [];
  syncs = 0;
  /** How many of the next posts are stored but never acknowledged. */
  lostAcks = 0;
  /** Whether posted messages come back as live frames. */
  echo = true;
  refusals: Refused[] = [];
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

class MemoryShelf implements Shelf {
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

function made(seq: number, body: string, author = "eve"): Message {
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
    reply_to: null,
    thread: null,
    reactions: [],
  };
}

/** A browser page: what it shows is `screen`, by seq. */
function page(far: FarSide, shelf: Shelf, last = 0) {
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
    outgoing: (items) => {
      seen.outgoing = items.map((item) => ({ ...item }));
    },
    link: (link) => void seen.links.push(link),
    reacted: ignore,
    online: ignore,
    presence: ignore,
    typing: ignore,
    read: ignore,
    unread: ignore,
    notice: ignore,
  };
  const newest = async () => far.messages.slice(-50).map((message) => ({ ...message }));
  const wire = new Wire(far, hooks, { room: ROOM, last, shelf, newest });
  wire.start();
  return { wire, seen, seqs: () => seen.screen.map((message) => message.seq) };
}

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

describe("the wire", () => {
  let far: FarSide;
  let shelf: MemoryShelf;

  beforeEach(() => {
    vi.useFakeTimers();
    far = new FarSide();
    shelf = new MemoryShelf();
  });
  afterEach(() => void vi.useRealTimers());

  it("shows our own message once, though ack and echo both come", async () => {
    const { wire, seen, seqs } = page(far, shelf);
    far.connect();
    await settle();
    await wire.post("hello");
    await settle(1_000);
    expect(seqs()).toEqual([1]);
    expect(seen.outgoing).toEqual([]);
    expect(shelf.items.size).toBe(0);
  });

  it("repeats a post with the same client_id after a lost ack, and shows it once", async () => {
    far.lostAcks = 2;
    const { wire, seqs } = page(far, shelf);
    far.connect();
    await settle();
    await wire.post("hello");
    await settle(3 * ACK_TIMEOUT_MS + 10_000);
    expect(far.posts).toHaveLength(1);
    expect(seqs()).toEqual([1]);
    expect(shelf.items.size).toBe(0);
  });

  it("fetches our own message when the ack comes and the echo does not", async () => {
    far.echo = false;
    const { wire, seen, seqs } = page(far, shelf);
    far.connect();
    await settle();
    await wire.post("hello");
    await settle();
    expect(seen.outgoing.map((item) => item.state)).toEqual(["sent"]);
    await settle(HOLD_MS);
    expect(seqs()).toEqual([1]);
    expect(seen.outgoing).toEqual([]);
  });

  it("sends after a reload what the earlier page wrote offline, in order", async () => {
    const first = page(far, shelf);
    await first.wire.post("one");
    await settle(1);
    await first.wire.post("two");
    const { seqs } = page(far, shelf);
    far.connect();
    await settle(1_000);
    expect(far.messages.map((message) => message.body)).toEqual(["one", "two"]);
    expect(seqs()).toEqual([1, 2]);
    expect(shelf.items.size).toBe(0);
  });

  it("keeps what was acknowledged to nobody when the page goes between post and ack", async () => {
    far.lostAcks = 1;
    const first = page(far, shelf);
    far.connect();
    await settle();
    await first.wire.post("hello");
    await settle(1);
    expect(shelf.items.size).toBe(1);
    const { seqs } = page(far, shelf, far.messages.length);
    far.connect();
    await settle(1_000);
    expect(far.posts).toHaveLength(1);
    expect(seqs()).toEqual([1]);
    expect(shelf.items.size).toBe(0);
  });

  it("orders messages that overtake each other, without asking the server", async () => {
    const { seqs } = page(far, shelf);
    far.connect();
    await settle();
    const [a, b, c] = [far.said("a"), far.said("b"), far.said("c")];
    far.send("message.posted", c);
    far.send("message.posted", b);
    expect(seqs()).toEqual([]);
    await settle(HOLD_MS / 2);
    far.send("message.posted", a);
    await settle(HOLD_MS);
    expect(seqs()).toEqual([1, 2, 3]);
    expect(far.syncs).toBe(0);
  });

  it("drops what it has shown before", async () => {
    const { seqs } = page(far, shelf);
    far.connect();
    await settle();
    const message = far.said("a");
    for (let times = 0; times < 3; times += 1) far.send("message.posted", message);
    await settle(HOLD_MS);
    expect(seqs()).toEqual([1]);
  });

  it("fetches a gap after the hold, page by page", async () => {
    const { seqs } = page(far, shelf);
    far.connect();
    await settle();
    for (let count = 0; count < 250; count += 1) far.said(`m${count}`);
    far.send("message.posted", far.messages[249]);
    await settle(HOLD_MS - 1);
    expect(seqs()).toEqual([]);
    await settle(1);
    expect(seqs()).toEqual(far.messages.map((message) => message.seq));
    expect(far.syncs).toBe(3);
  });

  it("notices a lost last message by the heads", async () => {
    const { seqs } = page(far, shelf);
    far.connect();
    await settle();
    far.said("lost");
    far.send("heads", { [ROOM]: 1, "another-room": 9 });
    await settle(HOLD_MS);
    expect(seqs()).toEqual([1]);
  });

  it("reads what it missed while it was away, and the edits too", async () => {
    far.said("before");
    const { seen, seqs } = page(far, shelf, 1);
    far.connect();
    await settle();
    far.drop();
    far.said("during");
    far.messages[0] = { ...made(1, "mended"), edited_at: "2026-11-21T09:05:00Z" };
    far.connect();
    await settle(1_000);
    expect(seqs()).toEqual([1, 2]);
    expect(seen.screen[0]?.body).toBe("mended");
  });

  it("starts again from the newest page when it is too far behind", async () => {
    far.resetBeyond = 500;
    const { seen, seqs } = page(far, shelf);
    for (let count = 0; count < 700; count += 1) far.said(`m${count}`);
    far.connect();
    await settle();
    expect(seen.reloads).toBe(1);
    expect(seqs()).toEqual(far.messages.slice(-50).map((message) => message.seq));
    far.send("message.posted", far.said("next"));
    expect(seqs().at(-1)).toBe(701);
  });

  it("starts again when the room's head went backwards", async () => {
    for (let count = 0; count < 5; count += 1) far.said(`m${count}`);
    const { seqs } = page(far, shelf, 5);
    far.messages.length = 3;
    far.connect();
    await settle();
    expect(seqs()).toEqual([1, 2, 3]);
  });

  it("applies an edit and a deletion that overtake their message", async () => {
    const { seen } = page(far, shelf);
    far.connect();
    await settle();
    const [a, b, c] = [far.said("a"), far.said("b"), far.said("c")];
    far.send("message.posted", b);
    far.send("message.posted", c);
    far.send("message.edited", { ...b, body: "B" });
    far.send("message.deleted", { room: ROOM, id: c.id, seq: c.seq });
    far.send("message.posted", a);
    expect(seen.screen.map((message) => message.body)).toEqual(["a", "B", ""]);
  });

  it("waits as long as it is told when it was too fast", async () => {
    far.refusals = [new Refused("too_fast", "Slow down.", 7)];
    const { wire } = page(far, shelf);
    far.connect();
    await settle();
    await wire.post("hello");
    await settle(6_900);
    expect(far.posts).toEqual([]);
    await settle(200);
    expect(far.posts).toHaveLength(1);
  });

  it("marks a refused message as not sent, keeps it over a reload, and lets the next one through", async () => {
    far.refusals = [new Refused("forbidden", "You are muted until 15:00.")];
    const { wire, seqs } = page(far, shelf);
    far.connect();
    await settle();
    await wire.post("refused");
    await wire.post("fine");
    await settle(1_000);
    expect(seqs()).toEqual([1]);
    const again = page(far, shelf, 1);
    await settle();
    expect(again.seen.outgoing).toMatchObject([
      { body: "refused", state: "failed", reason: "You are muted until 15:00." },
    ]);
    again.wire.outbox.retry(again.seen.outgoing[0]?.client_id ?? "");
    far.connect();
    await settle(1_000);
    expect(far.messages.map((message) => message.body)).toEqual(["fine", "refused"]);
  });

  it("stops for good when the room refuses us", async () => {
    const { seen } = page(far, shelf);
    const request = far.request.bind(far);
    far.request = (event, payload, ms) =>
      event === "room.join"
        ? Promise.reject(new Refused("forbidden", "You were banned."))
        : request(event, payload, ms);
    far.connect();
    await settle();
    expect(seen.links.at(-1)).toEqual({ state: "ended", code: "forbidden", reason: "You were banned." });
  });

  it("ends with the database's list after any storm of faults", async () => {
    const { wire, seqs } = page(far, shelf);
    let seed = 7;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    for (let round = 0; round < 300; round += 1) {
      const die = random();
      if (die < 0.1) far.drop();
      else if (die < 0.3) far.connect();
      else if (die < 0.4) far.lostAcks += 1;
      else if (die < 0.6) void wire.post(`mine ${round}`);
      else {
        const message = far.said(`theirs ${round}`);
        if (random() < 0.7) far.send("message.posted", message);
        if (random() < 0.2) far.send("message.posted", message);
      }
      await settle(random() * 400);
    }
    far.lostAcks = 0;
    far.connect();
    await settle(120_000);
    far.send("heads", { [ROOM]: far.messages.length });
    await settle(1_000);
    expect(seqs()).toEqual(far.messages.map((message) => message.seq));
    expect(shelf.items.size).toBe(0);
  });
});
