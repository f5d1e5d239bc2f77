/** What is unread in the other rooms: the wire tells it once, on connecting; after that the list of rooms is asked. */
import { call } from "./api.ts";
import type { Unread } from "./message.ts";

const EVERY_MS = 10_000;

interface Listed {
  items: ({ id: string } & Unread)[];
}

/** Tells the counts while the page is looked at, and at once when the reader comes back to it. */
export function watchElsewhere(channel: string, tell: (counts: Record<string, Unread>) => void): void {
  const ask = async () => {
    if (document.hidden) return;
    const rooms = await call<Listed>("GET", `/api/v1/channels/${channel}/rooms`).catch(() => null);
    if (rooms) tell(Object.fromEntries(rooms.items.map((room) => [room.id, room])));
  };
  setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", ask);
}
