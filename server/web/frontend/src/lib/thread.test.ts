import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { alongside } from "./alongside.ts";
import { made } from "./farside.ts";
import type { Message } from "./message.ts";
import type { Outgoing } from "./outbox.ts";
import { Thread, type View } from "./thread.ts";
import type { WireHooks } from "./wire.ts";

const ROOT = made(1, "Which clay?", "eve");
const FACTS = { me: "me", room: "room-1" };

function reply(seq: number, body = `reply ${seq}`, author = "eve"): Message {
  return { ...made(seq, body, author), reply_to: ROOT.id };
}

/** What a thread shows, by what it is told. */
class Screen implements View {
  said: Message[] = [];
  pending: string[] = [];
  online = false;
  following: boolean | null = null;
  hushed = false;
  problem = "";

  whole(root: Message, replies: Message[]): void {
    this.said = [root, ...replies];
  }
  add(message: Message): void {
    this.said.push(message);
  }
  patch(message: Message): void {
    this.said = this.said.map((one) => (one.id === message.id ? message : one));
  }
  erase(id: string): void {
    this.said = this.said.map((one) => (one.id === id ? { ...one, body: "" } : one));
  }
  react(): void {}
  outgoing(items: readonly Outgoing[], online: boolean): void {
    this.pending = items.map((item) => item.body);
    this.online = online;
  }
  has(id: string): boolean {
    return this.said.some((one) => one.id === id);
  }
  follows(on: boolean): void {
    this.following = on;
  }
  silent(on: boolean): void {
    this.hushed = on;
  }
  fault(why: string): void {
    this.problem = why;
  }
  words(): string[] {
    return this.said.map((one) => one.body);
  }
}

describe("a thread", () => {
  let held: Message[];
  let marks: number[];
  let down: boolean;
  let between: () => void;
  let screen: Screen;
  let thread: Thread;

  beforeEach(() => {
    vi.useFakeTimers();
    [held, marks, down, between] = [[reply(2)], [], false, () => undefined];
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      if (down) throw new TypeError("no network");
      if (init.method === "PUT") marks.push(JSON.parse(String(init.body)).seq);
      const items = [...held];
      // What comes after the server has read, and before the page has it.
      if (String(url).includes("?limit=")) between();
      const one = [ROOT, ...held].find((each) => String(url).endsWith(`/messages/${each.id}`));
      const body = init.method === "PUT" ? { last_seq: 0, following: false } : (one ?? { items, next: null });
      return new Response(JSON.stringify(body), { status: 200 });
    });
    screen = new Screen();
    thread = new Thread("/api", ROOT.id, FACTS, screen, { shown: false, online: true });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("shows once what comes while it is being read, and nothing of the rest of the room", async () => {
    between = () => {
      for (const message of [reply(2), made(3, "beside it", "eve"), reply(4)]) thread.hooks.show?.(message);
    };
    await thread.read();
    expect(screen.words()).toEqual(["Which clay?", "reply 2", "reply 4"]);
    thread.hooks.show?.(reply(5));
    thread.hooks.show?.(reply(5));
    expect(screen.words()).toEqual(["Which clay?", "reply 2", "reply 4", "reply 5"]);
  });

  it("keeps later words over those that were read before them", async () => {
    between = () => {
      held = [{ ...reply(2, "said better"), edited_at: "2026-01-01T00:00:00Z" }];
      for (const message of held) thread.hooks.edited?.(message);
    };
    await thread.read();
    expect(screen.words()).toEqual(["Which clay?", "said better"]);
  });

  it("keeps what changed beside the words while it was being read", async () => {
    await thread.read();
    const preview = { url: "https://clay.example/", title: "Clay", description: "", site: "" };
    held = [{ ...reply(2), preview }];
    between = () => {
      held = [reply(2)];
      for (const message of held) thread.hooks.edited?.(message);
    };
    thread.hooks.online?.(1);
    await vi.advanceTimersByTimeAsync(0);
    expect(screen.said.map((message) => message.preview)).toEqual([undefined, undefined]);
  });

  it("is tried again until it can be read", async () => {
    down = true;
    const reading = thread.read();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(screen.problem).not.toBe("");
    down = false;
    await vi.advanceTimersByTimeAsync(4_000);
    await reading;
    expect([screen.problem, screen.words()]).toEqual(["", ["Which clay?", "reply 2"]]);
  });

  it("reads again what may have changed while the room was not heard", async () => {
    await thread.read();
    held = [{ ...reply(2, "said better"), edited_at: "2026-01-01T00:00:00Z" }, reply(9)];
    thread.hooks.online?.(1);
    await vi.advanceTimersByTimeAsync(0);
    // What is new is the wire's to deliver.
    expect(screen.words()).toEqual(["Which clay?", "said better"]);
  });

  it("starts again from the newest page when too much was missed", async () => {
    await thread.read();
    held = [reply(900)];
    thread.hooks.replace?.([]);
    await vi.advanceTimersByTimeAsync(0);
    expect(screen.words()).toEqual(["Which clay?", "reply 900"]);
  });

  it("tells how far it was read, once a second, and what is left of it on closing", async () => {
    await thread.read();
    for (const seq of [2, 3, 4, 3]) thread.seen(seq);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(marks).toEqual([4]);
    thread.seen(6);
    thread.close();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(marks).toEqual([4, 6]);
  });

  it("shows of what is not sent yet only its own, and follows when we write", async () => {
    await thread.read();
    const item = { client_id: "c", room: "room-1", at: 0, state: "waiting", reason: null, seq: null } as const;
    thread.hooks.outgoing?.([
      { ...item, body: "here", reply_to: ROOT.id },
      { ...item, body: "elsewhere", reply_to: null },
    ]);
    expect(screen.pending).toEqual(["here"]);
    thread.hooks.link?.({ state: "offline" });
    expect(screen.online).toBe(false);
    thread.hooks.show?.(reply(3, "here", "me"));
    expect(screen.following).toBe(true);
  });

  it("hears what the room hears, after it, while it is open", () => {
    const heard: string[] = [];
    let open: Partial<WireHooks> | null = { bell: (unread) => void heard.push(`thread ${unread}`) };
    const hooks = alongside(
      { bell: (unread: number) => void heard.push(`room ${unread}`), presence: () => "missed" } as unknown as WireHooks,
      () => open,
    );
    hooks.bell(1);
    open = null;
    hooks.bell(2);
    expect(heard).toEqual(["room 1", "thread 1", "room 2"]);
    expect(hooks.presence({ room: "room-1", v: 1, online: 1 })).toBe("missed");
  });
});
