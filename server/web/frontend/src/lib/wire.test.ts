import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FarSide, MemoryShelf, made, page, ROOM } from "./farside.ts";
import { Refused } from "./refusal.ts";
import { HOLD_MS } from "./sequence.ts";
import { ACK_TIMEOUT_MS } from "./wire.ts";

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

  it("does not take for an earlier page's what was written while the shelf was read", async () => {
    const load = shelf.load.bind(shelf);
    shelf.load = async () => {
      await new Promise((done) => setTimeout(done, 50));
      return await load();
    };
    const { wire, seen } = page(far, shelf);
    await wire.post("hello");
    await settle(100);
    expect(seen.outgoing.map((item) => item.body)).toEqual(["hello"]);
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
