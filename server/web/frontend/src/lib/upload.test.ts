import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Lost, Refused } from "./refusal.ts";
import { type Store, type StoreAnswer, UNIT, Upload } from "./upload.ts";

/** The store's side of the resumable protocol, which can break off anywhere. */
class Sessions implements Store {
  bytes = new Uint8Array();
  requests: string[] = [];
  begun = 0;
  expired = false;
  /** Of each next body, only so many bytes arrive and the connection breaks. */
  breaks: number[] = [];
  refuse: number | null = null;

  begin = async () => {
    this.begun += 1;
    this.expired = false;
    this.bytes = new Uint8Array();
    return { id: `upload-${this.begun}`, session_url: `https://store/${this.begun}` };
  };

  async put(_url: string, body: Blob | null, range: string): Promise<StoreAnswer> {
    this.requests.push(range);
    if (this.refuse) return { status: this.refuse, range: null };
    if (this.expired) return { status: 410, range: null };
    const total = Number(range.split("/")[1]);
    if (body) await this.#take(body, range);
    if (this.bytes.length === total) return { status: 200, range: null };
    return { status: 308, range: this.bytes.length ? `bytes=0-${this.bytes.length - 1}` : null };
  }

  async #take(body: Blob, range: string): Promise<void> {
    const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range)?.map(Number) ?? [];
    expect(from).toBe(this.bytes.length);
    if ((to ?? 0) + 1 !== total) expect(body.size % UNIT).toBe(0);
    const broken = this.breaks.shift();
    const sent = new Uint8Array(await body.arrayBuffer()).slice(0, broken ?? body.size);
    const whole = broken === undefined ? sent.length : Math.floor(sent.length / UNIT) * UNIT;
    this.bytes = joined(this.bytes, sent.subarray(0, whole));
    if (broken !== undefined) throw new Lost("broken off");
  }
}

class Memory {
  kept = new Map<string, string>();
  getItem = (key: string) => this.kept.get(key) ?? null;
  setItem = (key: string, value: string) => void this.kept.set(key, value);
  removeItem = (key: string) => void this.kept.delete(key);
}

function joined(some: Uint8Array, more: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(some.length + more.length);
  both.set(some);
  both.set(more, some.length);
  return both;
}

const same = (bytes: Uint8Array, file: File) =>
  file.arrayBuffer().then((whole) => Buffer.from(bytes).equals(Buffer.from(whole)));

function film(size: number): File {
  const bytes = new Uint8Array(size).map((_, at) => at % 251);
  return new File([bytes], "film.mp4", { lastModified: 5 });
}

describe("an upload", () => {
  let store: Sessions;
  let memory: Memory;
  let told: number[];
  let waits: (number | null)[];

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    store = new Sessions();
    memory = new Memory();
    told = [];
    waits = [];
  });
  afterEach(() => void vi.useRealTimers());

  const upload = (file: File) =>
    new Upload(file, {
      begin: store.begin,
      store,
      memory,
      scope: "pottery",
      units: 2,
      progress: (sent) => void told.push(sent),
      waiting: (ms) => void waits.push(ms),
    });

  it("sends every byte in whole units and forgets its session", async () => {
    const file = film(3 * UNIT + 7);
    expect(await upload(file).run()).toBe("upload-1");
    expect(await same(store.bytes, file)).toBe(true);
    expect(told).toEqual([0, 2 * UNIT, 3 * UNIT + 7]);
    expect(memory.kept.size).toBe(0);
  });

  it("asks what arrived after a break, and goes on from there", async () => {
    const file = film(5 * UNIT);
    store.breaks = [UNIT + 99, 0];
    const done = upload(file).run();
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(1_000);
      expect(store.bytes.length).toBe(file.size);
    });
    await done;
    expect(await same(store.bytes, file)).toBe(true);
    expect(store.requests.filter((range) => range.startsWith("bytes */"))).toHaveLength(3);
    expect(waits.filter((ms) => ms !== null)).toHaveLength(2);
  });

  it("takes up the same file after a reload without a new session", async () => {
    const file = film(5 * UNIT);
    const first = upload(file);
    store.breaks = [UNIT];
    void first.run();
    await vi.waitFor(() => expect(waits).toHaveLength(1));
    first.pause();
    expect(await upload(film(5 * UNIT)).run()).toBe("upload-1");
    expect(store.begun).toBe(1);
    expect(await same(store.bytes, file)).toBe(true);
  });

  it("stands still while paused", async () => {
    const paused = upload(film(2 * UNIT));
    paused.pause();
    const done = paused.run();
    await vi.waitFor(() => expect(waits).toEqual([null]));
    expect(store.requests).toEqual([]);
    paused.resume();
    await done;
    expect(store.bytes).toHaveLength(2 * UNIT);
  });

  it("begins anew when the store has forgotten the session", async () => {
    memory.setItem("guildhall.upload.pottery/film.mp4/262144/5", '{"id": "old", "session_url": "https://store/old"}');
    store.expired = true;
    expect(await upload(film(UNIT)).run()).toBe("upload-1");
  });

  it("says what to do when the store refuses the file", async () => {
    store.refuse = 403;
    await expect(upload(film(UNIT)).run()).rejects.toThrow(Refused);
  });
});
