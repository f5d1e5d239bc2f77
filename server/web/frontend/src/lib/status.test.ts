import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RoomFacts } from "./page.ts";
import { QUIET_MS, Status } from "./status.ts";

describe("the strip under the room's head", () => {
  const strip = { hidden: true, toggleAttribute: () => true, querySelector: () => ({ textContent: "" }) };
  let status: Status;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("document", { documentElement: { lang: "en" }, querySelector: () => strip });
    strip.hidden = true;
    status = new Status({ zone: "UTC" } as RoomFacts, () => 1);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("comes when an absence is long enough, though tries fail all the while, and goes with it", () => {
    for (let passed = 0; passed < QUIET_MS; passed += QUIET_MS / 4) {
      status.link({ state: "offline" });
      status.refresh();
      expect(strip.hidden).toBe(true);
      vi.advanceTimersByTime(QUIET_MS / 4);
    }
    expect(strip.hidden).toBe(false);
    status.link({ state: "online" });
    expect(strip.hidden).toBe(true);
  });

  it("keeps quiet about a short absence", () => {
    status.link({ state: "offline" });
    vi.advanceTimersByTime(QUIET_MS / 2);
    status.link({ state: "online" });
    vi.advanceTimersByTime(QUIET_MS);
    status.refresh();
    expect(strip.hidden).toBe(true);
  });
});
