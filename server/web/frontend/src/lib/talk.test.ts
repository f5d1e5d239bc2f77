import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { follows } from "./grouping.ts";
import { sentence } from "./later.ts";
import { Roster } from "./roster.ts";
import { FORGET_MS, LATE_MS, TELL_EVERY_MS, Typing } from "./typing.ts";

Typing.sentence = sentence;

describe("typing", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is told at most once in three seconds, and anew after sending", () => {
    const tell = vi.fn();
    const typing = new Typing("Ada", tell, () => undefined);
    typing.pressed();
    typing.pressed();
    expect(tell).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(TELL_EVERY_MS);
    typing.pressed();
    typing.sent();
    typing.pressed();
    expect(tell).toHaveBeenCalledTimes(3);
  });

  it("names the others, without us, and forgets them", () => {
    const shown: string[] = [];
    const typing = new Typing(
      "Ada",
      () => undefined,
      (line) => shown.push(line),
    );
    typing.heard(["Ada"], 0);
    typing.heard(["Tomás", "Ada", "Joan"], 0);
    typing.heard(["Tomás", "Joan", "Piet"], 4);
    vi.advanceTimersByTime(FORGET_MS);
    expect(shown).toEqual(["", "Tomás and Joan are typing", "Tomás, Joan, Piet and 4 more are typing", ""]);
  });
});

describe("somebody who was typing", () => {
  it("is not, once the message is here", () => {
    vi.useFakeTimers();
    const shown: string[] = [];
    const typing = new Typing(
      "Ada",
      () => undefined,
      (line) => shown.push(line),
    );
    typing.heard(["Tomás", "Joan"], 0);
    typing.spoke("Tomás");
    typing.spoke("Piet");
    vi.useRealTimers();
    expect(shown).toEqual(["Tomás and Joan are typing", "Joan is typing"]);
  });

  it("is not, though word of it comes after the message; and is, when it goes on", () => {
    vi.useFakeTimers();
    const shown: string[] = [];
    const typing = new Typing(
      "Ada",
      () => undefined,
      (line) => shown.push(line),
    );
    typing.spoke("Tomás");
    vi.advanceTimersByTime(LATE_MS - 1);
    typing.heard(["Tomás"], 0);
    typing.heard(["Tomás", "Joan"], 0);
    vi.advanceTimersByTime(1);
    typing.heard(["Tomás", "Joan"], 0);
    vi.useRealTimers();
    expect(shown).toEqual(["", "Joan is typing", "Tomás and Joan are typing"]);
  });
});

describe("one head per author", () => {
  const said = (author: string, at: string) => ({ author, at });

  it("holds for five minutes of the same day in the reader's zone", () => {
    const first = said("ada", "2026-11-21T22:58:00Z");
    expect(follows(first, said("ada", "2026-11-21T23:01:00Z"), "UTC")).toBe(true);
    expect(follows(first, said("ada", "2026-11-21T23:01:00Z"), "Europe/Amsterdam")).toBe(false);
    expect(follows(first, said("ada", "2026-11-21T23:03:00Z"), "UTC")).toBe(false);
    expect(follows(first, said("joan", "2026-11-21T22:59:00Z"), "UTC")).toBe(false);
    expect(follows(null, first, "UTC")).toBe(false);
  });
});

describe("the roster", () => {
  const ada = { id: "a", name: "Ada" };
  const joan = { id: "j", name: "Joan" };

  it("follows changes in turn and drops old ones", () => {
    const roster = new Roster();
    expect(roster.apply({ room: "r", v: 4, online: 2, joined: [ada, joan] })).toBe("current");
    expect(roster.apply({ room: "r", v: 5, online: 1, left: ["a"] })).toBe("current");
    expect(roster.apply({ room: "r", v: 4, online: 2, joined: [ada] })).toBe("current");
    expect([...roster.here.values()]).toEqual([joan]);
    expect(roster.online).toBe(1);
  });

  it("says when a change was missed", () => {
    const roster = new Roster();
    roster.apply({ room: "r", v: 1, online: 1, joined: [ada] });
    expect(roster.apply({ room: "r", v: 3, online: 2, joined: [joan] })).toBe("missed");
    expect(roster.apply({ room: "r", v: 3, online: 2, joined: [ada, joan], whole: true })).toBe("current");
    expect([...roster.here.keys()]).toEqual(["a", "j"]);
  });

  it("says when a room grew too large to name everybody, and when it can again", () => {
    const roster = new Roster();
    roster.apply({ room: "r", v: 1, online: 2, joined: [ada, joan], whole: true });
    expect(roster.apply({ room: "r", v: 2, online: 201 })).toBe("missed");
    expect(roster.apply({ room: "r", v: 2, online: 201, joined: [ada], whole: true })).toBe("current");
    expect(roster.apply({ room: "r", v: 3, online: 200 })).toBe("current");
    expect(roster.apply({ room: "r", v: 3, online: 200, left: ["a"] })).toBe("current");
    expect([...roster.here.keys()]).toEqual([]);
    expect(roster.apply({ room: "r", v: 4, online: 149, left: ["j"] })).toBe("missed");
  });
});
