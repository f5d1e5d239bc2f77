/** Times in the reader's language and zone. */
import { dayOf } from "./grouping.ts";
import { WORDS } from "./words.ts";

const DAY_MS = 86_400_000;

export function clock(at: string | number, zone: string): string {
  return new Intl.DateTimeFormat(WORDS.locale, {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(new Date(at));
}

/** "Today", "Yesterday", or "Thursday 19 November". */
export function dayName(at: string, zone: string, now = Date.now()): string {
  const day = dayOf(at, zone);
  if (day === dayOf(new Date(now).toISOString(), zone)) return WORDS.today;
  if (day === dayOf(new Date(now - DAY_MS).toISOString(), zone)) return WORDS.yesterday;
  return new Intl.DateTimeFormat(WORDS.locale, { timeZone: zone, weekday: "long", day: "numeric", month: "long" })
    .format(new Date(at))
    .replace(/[,،]/, "");
}
