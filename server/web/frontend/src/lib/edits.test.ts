import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FarSide, MemoryShelf, made, page, ROOM } from "./farside.ts";
import type { Message } from "./message.ts";
import { CLOSE_MS, SPREAD_MS } from "./recount.ts";

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

describe("the wire of what was changed", () => {
  let far: FarSide;
  let shelf: MemoryShelf;

  beforeEach(() => {
    vi.useFakeTimers();
    far = new FarSide();
    shelf = new MemoryShelf();
  });
  afterEach(() => void vi.useRealTimers());

  it("applies an edit and a deletion that overtake their message", async () => {
    const { seen } = page(far, shelf);
    far.connect();
    await settle();
    const [a, b, c] = [far.said("a"), far.said("b"), far.said("c")];
    far.send("message.posted", b);
    far.send("message.posted", c);
    far.send("message.edited", { ...b, body: "B", edited_at: "2026-11-21T09:05:00Z" });
    far.send("message.deleted", { room: ROOM, id: c.id, seq: c.seq });
    far.send("message.posted", a);
    expect(seen.screen.map((message) => message.body)).toEqual(["a", "B", ""]);
  });

  it("shows no words of what was hidden or deleted, until they are given back", async () => {
    const { seen } = page(far, shelf);
    far.connect();
    await settle();
    const [a, b] = [far.said("a"), far.said("b")];
    far.send("message.hidden", { room: ROOM, id: a.id, seq: a.seq });
    far.send("message.posted", a);
    far.send("message.posted", b);
    far.send("message.deleted", { room: ROOM, id: b.id, seq: b.seq });
    far.send("message.edited", { ...a, body: "late", edited_at: "2026-11-21T09:03:00Z" });
    expect(seen.screen.map((message) => message.body)).toEqual(["", ""]);
    for (const message of [a, b]) far.send("message.restored", message);
    expect(seen.screen.map((message) => message.body)).toEqual(["a", "b"]);
  });

  it("shows words that were given back while it was away", async () => {
    const [a, b] = [far.said("a"), far.said("b")];
    const { seen } = page(far, shelf, 2);
    far.connect();
    await settle();
    far.send("message.hidden", { room: ROOM, id: a.id, seq: a.seq });
    far.send("message.deleted", { room: ROOM, id: b.id, seq: b.seq });
    expect(seen.screen.map((message) => message.body)).toEqual(["", ""]);
    far.drop();
    far.connect();
    await settle();
    expect(seen.screen.map((message) => message.body)).toEqual(["a", "b"]);
  });

  it("keeps the newest words, though older ones and the message itself come late", async () => {
    const { seen } = page(far, shelf);
    far.connect();
    await settle();
    const [a, b] = [far.said("a"), far.said("b")];
    const edit = (message: Message, body: string, minute: number) =>
      far.send("message.edited", { ...message, body, edited_at: `2026-11-21T09:0${minute}:00Z` });
    edit(a, "second", 2);
    edit(a, "first", 1);
    far.send("message.posted", a);
    far.send("message.posted", b);
    edit(a, "first", 1);
    far.send("message.deleted", { room: ROOM, id: b.id, seq: b.seq });
    edit(b, "late", 3);
    expect(seen.screen.map((message) => message.body)).toEqual(["second", ""]);
  });

  it("reads what was edited while it was away, however often it has to begin anew", async () => {
    for (let seq = 1; seq <= 20; seq += 1) far.said(`word ${seq}`);
    const { seen, seqs } = page(far, shelf, 20);
    far.connect();
    await settle();
    far.drop();
    far.messages[0] = { ...made(1, "mended"), edited_at: "2026-11-21T09:05:00Z" };
    for (let seq = 21; seq <= 80; seq += 1) far.said(`word ${seq}`);
    far.lostPages = 2;
    far.connect();
    await settle(500);
    far.drop();
    far.connect();
    await settle(10_000);
    expect(seqs()).toEqual(far.messages.map((message) => message.seq));
    expect(seen.screen[0]?.body).toBe("mended");
  });

  it("reads what was edited between the page and the first connection", async () => {
    far.said("before");
    const { seen } = page(far, shelf, 1);
    far.messages[0] = { ...made(1, "mended"), edited_at: "2026-11-21T09:05:00Z" };
    far.connect();
    await settle();
    expect(seen.screen[0]?.body).toBe("mended");
  });

  it("keeps what changed beside the words while the page was being read", async () => {
    const preview = { url: "https://clay.example/", title: "Clay", description: "", site: "" };
    far.messages = [{ ...made(1, "see clay.example"), preview }, made(2, "yes")];
    const { seen } = page(far, shelf, 2);
    far.between = () => {
      far.messages = [made(1, "see clay.example"), { ...made(2, "yes"), reactions: [{ emoji: "👍", count: 1 }] }];
      far.send("message.edited", far.messages[0]);
      far.send("reaction.changed", { room: ROOM, message: "id-2", emoji: "👍", count: 1 });
    };
    far.connect();
    await settle();
    expect(seen.screen.map(({ preview, reactions }) => [preview, reactions.length])).toEqual([
      [undefined, 0],
      [undefined, 1],
    ]);
  });

  it("reads the edits of what it shows, however much was posted meanwhile", async () => {
    for (let count = 0; count < 60; count += 1) far.said(`m${count}`);
    const { seen } = page(far, shelf, 60);
    far.connect();
    await settle();
    far.drop();
    for (let count = 0; count < 200; count += 1) far.said(`later ${count}`);
    far.messages[20] = { ...made(21, "mended"), edited_at: "2026-11-21T09:05:00Z" };
    far.connect();
    await settle(1_000);
    expect(seen.screen).toHaveLength(260);
    expect(seen.screen[20]?.body).toBe("mended");
  });

  it("reads a message whose counts came close together, once, and only then", async () => {
    const { seen } = page(far, shelf);
    far.connect();
    await settle();
    const a = far.said("a");
    far.send("message.posted", a);
    const react = (count: number) => far.send("reaction.changed", { room: ROOM, message: a.id, emoji: "👍", count });
    const counts = () => seen.screen[0]?.reactions.map(({ count }) => count);
    react(1);
    await settle(CLOSE_MS + SPREAD_MS);
    expect(far.reads).toBe(0);
    far.messages[0] = { ...a, reactions: [{ emoji: "👍", count: 3 }] };
    react(3);
    react(2);
    expect(counts()).toEqual([2]);
    await settle(CLOSE_MS + SPREAD_MS);
    expect(counts()).toEqual([3]);
    expect(far.reads).toBe(1);
  });
});
