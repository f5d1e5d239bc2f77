import { describe, expect, it } from "vitest";
import { Heartbeat } from "./heartbeat.ts";
import { gaps, type Interval, stamp, total, union } from "./intervals.ts";

function play(beat: Heartbeat, from: number, to: number): void {
  beat.started(from, 1);
  for (let at = from; at <= to; at += 0.25) beat.moved(at);
  beat.stopped(to);
}

describe("the heartbeat", () => {
  it("reports the union of what was played, and leaves a seek out", async () => {
    const told: Interval[][] = [];
    const beat = new Heartbeat(async (intervals) => void told.push(intervals));
    play(beat, 0, 10);
    play(beat, 5, 12);
    play(beat, 100, 104);
    await beat.beat(104);
    await beat.beat(104);
    expect(told).toEqual([
      [
        [0, 12],
        [100, 104],
      ],
    ]);
  });

  it("counts nothing for a leap that no playing explains", async () => {
    const told: Interval[][] = [];
    const beat = new Heartbeat(async (intervals) => void told.push(intervals));
    beat.started(0, 1);
    beat.moved(1);
    beat.moved(900);
    beat.moved(901);
    await beat.beat(901);
    expect(told).toEqual([
      [
        [0, 1],
        [900, 901],
      ],
    ]);
  });

  it("begins where the film stood, though the player says so late, and never with the leap before a seek", async () => {
    const told: Interval[][] = [];
    const beat = new Heartbeat(async (intervals) => void told.push(intervals));
    play(beat, 0, 4);
    beat.started(4.2, 1);
    beat.stopped(6);
    beat.sought(20);
    beat.started(20.1, 1);
    beat.stopped(21);
    await beat.beat(21);
    expect(told).toEqual([
      [
        [0, 6],
        [20, 21],
      ],
    ]);
  });

  it("reports again what the server did not take", async () => {
    const told: Interval[][] = [];
    let up = false;
    const beat = new Heartbeat(async (intervals) => {
      if (!up) throw new Error("away");
      told.push(intervals);
    });
    play(beat, 0, 4);
    await beat.beat(4);
    up = true;
    play(beat, 4, 6);
    await beat.beat(6);
    expect(told).toEqual([[[0, 6]]]);
  });
});

describe("intervals", () => {
  it("merge where they touch", () => {
    expect(
      union(
        [[0, 5]],
        [
          [5, 7],
          [9, 10],
        ],
      ),
    ).toEqual([
      [0, 7],
      [9, 10],
    ]);
    expect(
      total([
        [0, 5],
        [3, 8],
      ]),
    ).toBe(8);
  });

  it("name what is missing", () => {
    expect(
      gaps(
        [
          [2, 5],
          [8, 20],
        ],
        20,
      ),
    ).toEqual([
      [0, 2],
      [5, 8],
    ]);
    expect(gaps([[0, 19.8]], 20)).toEqual([]);
    expect(gaps([], 20)).toEqual([[0, 20]]);
  });

  it("read as clock times", () => {
    expect([stamp(683), stamp(9), stamp(3723)]).toEqual(["11:23", "0:09", "1:02:03"]);
  });
});
