/** Which messages share a head, and which begin a day: the same rule as `server/web/views/room.py`. */

const TOGETHER_MS = 5 * 60_000;

export interface Said {
  author: string;
  /** RFC 3339. */
  at: string;
}

/** Whether `next` stands under the head of `before`: same author, same day, within five minutes. */
export function follows(before: Said | null, next: Said, zone: string): boolean {
  return (
    before !== null &&
    before.author === next.author &&
    Date.parse(next.at) - Date.parse(before.at) < TOGETHER_MS &&
    dayOf(before.at, zone) === dayOf(next.at, zone)
  );
}

/** The calendar day in the reader's zone, as YYYY-MM-DD. */
export function dayOf(at: string | number, zone: string): string {
  const style = { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" } as const;
  return new Date(at).toLocaleDateString("en-CA", style);
}
