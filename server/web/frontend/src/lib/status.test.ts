import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RoomFacts } from "./page.ts";
import { QUIET_MS, Status } from "./status.ts";

describe("the strip under the room's head", () => {
  const bold = { textContent: "" };
  const strip = {
    hidden: true,
    toggleAttribute: () => true,
    querySelector: (place: string) => (place === "b" ? bold : { textContent: "" }),
  };
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

  it("says offline only when the browser has no network, and follows that", () => {
    const network = { onLine: true };
    vi.stubGlobal("navigator", network);
    status.link({ state: "offline" });
    vi.advanceTimersByTime(QUIET_MS);
    expect(bold.textContent).toMatch(/^The school has not answered since \d\d:\d\d\. We keep trying\.$/);
    network.onLine = false;
    status.link({ state: "offline" });
    expect(bold.textContent).toMatch(/^You are offline since/);
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
