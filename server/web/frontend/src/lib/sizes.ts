/** How large and how long a file is, in words. */
import { LATER } from "./later.ts";
import { number, say } from "./words.ts";

/** `640 KB`, `1.2 MB`. */
export function size(bytes: number): string {
  if (bytes < 1_000_000) return say(LATER.kb, { count: Math.max(1, Math.round(bytes / 1_000)) });
  return say(LATER.mb, { count: Math.round(bytes / 100_000) / 10 });
}

/** `4:07`. */
export function length(seconds: number): string {
  return `${number(Math.floor(seconds / 60))}:${number(Math.floor(seconds % 60), { minimumIntegerDigits: 2 })}`;
}
