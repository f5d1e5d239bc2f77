import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Reel, Renewal } from "./renewal.ts";

/** A native player that forgets where it was when it is given an address, as they do. */
class Film extends EventTarget {
  currentTime = 0;
  playbackRate = 1;
  paused = true;
  error: MediaError | null = null;
  asked: string[] = [];

  set src(address: string) {
    this.asked.push(address);
    this.currentTime = 0;
    this.playbackRate = 1;
    this.paused = true;
    this.error = null;
  }

  play = vi.fn(async () => {
    this.paused = false;
  });

  /** Chromium pauses what fails, and says so. */
  breaks(code = 2): void {
    this.error = { code } as MediaError;
    this.paused = true;
    this.tells("pause", "error");
    vi.runAllTimers();
  }

  tells(...names: string[]): void {
    for (const name of names) this.dispatchEvent(new Event(name));
  }
}

describe("a film whose address has expired", () => {
  let film: Film;
  let hopeless: () => void;
  let renewal: Renewal;

  beforeEach(() => {
    vi.useFakeTimers();
    film = new Film();
    hopeless = vi.fn();
    renewal = new Renewal(film as unknown as Reel, "/c/clay/files/1", hopeless);
    Object.assign(film, { currentTime: 61.5, playbackRate: 1.5, paused: false });
    film.tells("play");
  });
  afterEach(() => void vi.useRealTimers());

  it("is asked for at its stable address and goes on at the same second and speed", () => {
    film.breaks();
    expect([film.asked, film.currentTime, renewal.at]).toEqual([["/c/clay/files/1"], 0, 61.5]);
    film.tells("loadedmetadata", "canplay");
    expect([film.currentTime, film.playbackRate, film.paused]).toEqual([61.5, 1.5, false]);
  });

  it("stays paused when it was", () => {
    film.tells("pause");
    film.breaks();
    film.tells("loadedmetadata");
    expect([film.currentTime, film.play.mock.calls.length]).toEqual([61.5, 0]);
  });

  it("goes where it was sent in the meantime", () => {
    film.breaks();
    renewal.seek(7);
    film.tells("loadedmetadata");
    expect(film.currentTime).toBe(7);
  });

  it("is renewed as often as it has played in between", () => {
    for (let time = 0; time < 9; time += 1) {
      film.breaks();
      film.tells("loadedmetadata", "canplay");
    }
    expect([film.asked.length, hopeless]).toEqual([9, expect.any(Function)]);
    expect(hopeless).not.toHaveBeenCalled();
  });

  it("is given up after three tries in a row, and remembers the second through all of them", () => {
    for (let time = 0; time < 3; time += 1) film.breaks(4);
    expect([film.asked.length, renewal.at]).toEqual([3, 61.5]);
    expect(hopeless).not.toHaveBeenCalled();
    film.breaks(4);
    expect(hopeless).toHaveBeenCalledOnce();
  });

  it("is given up at once when it is broken itself", () => {
    film.breaks(3);
    expect(film.asked).toEqual([]);
    expect(hopeless).toHaveBeenCalledOnce();
  });
});
