/** Sets of played seconds as sorted, disjoint half-open intervals. */
import { number } from "./words.ts";

export type Interval = [from: number, to: number];

/** The union of both, merged where they touch. */
export function union(some: readonly Interval[], more: readonly Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const [from, to] of [...some, ...more].filter(([a, b]) => b > a).sort((x, y) => x[0] - y[0])) {
    const last = merged[merged.length - 1];
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** What is missing from `played` within 0 to `length`; slivers under half a second do not count. */
export function gaps(played: readonly Interval[], length: number): Interval[] {
  const missing: Interval[] = [];
  let at = 0;
  for (const [from, to] of [...union(played, []), [length, length] as Interval]) {
    if (from - at >= 0.5) missing.push([at, Math.min(from, length)]);
    at = Math.max(at, to);
  }
  return missing;
}

export function total(played: readonly Interval[]): number {
  return union(played, []).reduce((sum, [from, to]) => sum + to - from, 0);
}

/** 683 → "11:23"; 3723 → "1:02:03". */
export function stamp(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, at) => number(part, { minimumIntegerDigits: at ? 2 : 1 })).join(":");
}
