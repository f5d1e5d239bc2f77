/** Times in the reader's language and zone. */
import { dayOf } from "./grouping.ts";
import { WORDS } from "./words.ts";

const DAY_MS = 86_400_000;

export function clock(at: string | number, zone: string): string {
  const style = { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  return new Date(at).toLocaleTimeString(WORDS.locale, style);
}

/** "Today", "Yesterday", or "Thursday 19 November". */
export function dayName(at: string, zone: string, now = Date.now()): string {
  const day = dayOf(at, zone);
  if (day === dayOf(now, zone)) return WORDS.today;
  if (day === dayOf(now - DAY_MS, zone)) return WORDS.yesterday;
  const style = { timeZone: zone, weekday: "long", day: "numeric", month: "long" } as const;
  return new Date(at).toLocaleDateString(WORDS.locale, style).replace(/[,،]/, "");
}
