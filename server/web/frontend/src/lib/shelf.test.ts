import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FarSide, page } from "./farside.ts";
import { SHELF_MS } from "./outbox.ts";
import { IndexedShelf } from "./shelf.ts";

/** Databases that fail: forbidden, never opened, and taken away while the page is open. */
const BROKEN = {
  "is forbidden": () => {
    throw new DOMException("The user denied it.", "SecurityError");
  },
  "never opens": () => ({}),
  "is taken away": () => {
    const request = { result: { transaction: taken }, onsuccess: () => undefined };
    queueMicrotask(() => request.onsuccess());
    return request;
  },
};

function taken(): never {
  throw new DOMException("The database connection is closing.", "InvalidStateError");
}

describe.each(Object.entries(BROKEN))("where storage %s", (_name, open) => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("indexedDB", { open });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("messages go out all the same, in order and once each", async () => {
    const far = new FarSide();
    const { wire, seqs, seen } = page(far, new IndexedShelf("ada/pottery/wheel"));
    far.connect();
    await vi.advanceTimersByTimeAsync(0);
    for (const body of ["one", "two", "three"]) void wire.post(body);
    expect(seen.outgoing.map((item) => item.body)).toEqual(["one", "two", "three"]);
    await vi.advanceTimersByTimeAsync(SHELF_MS);
    expect(far.messages.map((message) => message.body)).toEqual(["one", "two", "three"]);
    expect(seqs()).toEqual([1, 2, 3]);
    expect(seen.outgoing).toEqual([]);
  });
});
