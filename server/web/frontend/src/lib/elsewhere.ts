/** The other rooms: the wire tells what is unread there once, on connecting; after that their list is asked. */
import { call } from "./api.ts";
import type { Unread } from "./message.ts";

const EVERY_MS = 10_000;
const TRIES = 3;

interface Listed {
  items: ({ id: string; name: string } & Unread)[];
}

/**
 * Tells the counts while the page is looked at, and at once when the reader comes back to it; `strange` is called when
 * the page lists other rooms than there are: what changed after it was drawn and before it heard.
 */
export function watchElsewhere(
  channel: string,
  tell: (counts: Record<string, Unread>) => void,
  strange: () => void,
): void {
  /** How often each difference was told: the answer may be lost, and a place may have its reason not to be listed. */
  const told = new Map<string, number>();
  const ask = async () => {
    if (document.hidden) return;
    const rooms = await call<Listed>("GET", `/api/v1/channels/${channel}/rooms`).catch(() => null);
    if (!rooms) return;
    const all = differences(rooms);
    for (const each of told.keys()) if (!all.includes(each)) told.delete(each);
    const fresh = all.filter((each) => (told.get(each) ?? 0) < TRIES);
    for (const each of fresh) told.set(each, (told.get(each) ?? 0) + 1);
    if (fresh.length) strange();
    tell(Object.fromEntries(rooms.items.map((room) => [room.id, room])));
  };
  setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", ask);
}

/** What stands in one list of rooms and not in the other, by id and name; conversations are in neither. */
function differences({ items }: Listed): string[] {
  const there = items.map(({ id, name }) => `${id} ${name}`);
  const listed = [...document.querySelectorAll<HTMLElement>("#places ul:not(#talks) [data-room]")].map(
    (place) => `${place.dataset.room} ${place.querySelector("span[dir]")?.textContent}`,
  );
  return [
    ...there.filter((each) => !listed.includes(each)).map((each) => `+${each}`),
    ...listed.filter((each) => !there.includes(each)).map((each) => `-${each}`),
  ];
}
