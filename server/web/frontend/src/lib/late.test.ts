import { expect, test, vi } from "vitest";
import { onceAsked, whenIdle } from "./late.ts";

/** As much of an element as is pressed: `click()` calls those who listen now. */
class Place extends EventTarget {
  closest(): this {
    return this;
  }

  click(): void {
    this.dispatchEvent(new Event("click"));
  }
}

/** A while in which promises are kept. */
const settled = () => new Promise((done) => setTimeout(done));

test("what was pressed before the script was there is done once it is, and once", async () => {
  vi.stubGlobal("requestIdleCallback", () => undefined);
  const place = new Place();
  const acted = vi.fn();
  const load = vi.fn(async () => {
    await settled();
    place.addEventListener("click", acted);
  });
  whenIdle([place as unknown as HTMLElement], load);
  place.click();
  place.click();
  await vi.waitFor(() => expect(acted).toHaveBeenCalled());
  expect([load.mock.calls.length, acted.mock.calls.length]).toEqual([1, 1]);
  place.click();
  expect([load.mock.calls.length, acted.mock.calls.length]).toEqual([1, 2]);
});

test("a script that could not be fetched is asked for again at the next press", async () => {
  vi.stubGlobal("requestIdleCallback", (come: () => void) => come());
  const place = new Place();
  const acted = vi.fn();
  const load = vi.fn(async () => {
    if (load.mock.calls.length === 1) throw new Error("offline");
    place.addEventListener("click", acted);
  });
  whenIdle([place as unknown as HTMLElement], load);
  await settled();
  place.click();
  await settled();
  expect(acted).toHaveBeenCalledTimes(1);
});

test("a press missed by one script is not lost to the next that comes for it", async () => {
  vi.stubGlobal("requestIdleCallback", () => undefined);
  const place = new Place() as unknown as HTMLElement;
  const acted = vi.fn();
  whenIdle([place], async () => {
    onceAsked([place], async () => place.addEventListener("click", acted));
  });
  place.click();
  await vi.waitFor(() => expect(acted).toHaveBeenCalledTimes(1));
  await settled();
  expect(acted).toHaveBeenCalledTimes(1);
});
