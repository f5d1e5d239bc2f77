/** Conversations that begin while a room is open, and those that are accepted; words of the blocked. */
import { copy, the } from "./page.ts";
import type { Transport } from "./wire.ts";

interface Started {
  room: string;
  url: string;
  name: string;
  /** The member who wrote. */
  by: string;
  /** It waits to be accepted, and stands apart. */
  request: boolean;
}

/** Shows them as they are told, and folds what the reader does not want to see. */
export function follow(transport: Transport): void {
  transport.on("direct.started", begun);
  transport.on("direct.accepted", accepted);
  const blocked = the("main.talk").dataset.folds;
  if (blocked) void import("./folding.ts").then(({ fold }) => fold(the("#messages"), blocked.split(" ")));
}

/** Shows a conversation at the side, once; a request is counted beside the title, which leads to it. */
function begun({ room, url, name, by, request }: Started): void {
  const list = document.querySelector<HTMLElement>("#talks");
  if (!list || document.querySelector(`.side [data-room="${CSS.escape(room)}"]`)) return;
  if (request) {
    asked(room);
    return;
  }
  const row = copy("t-place");
  const link = the<HTMLAnchorElement>("a", row);
  link.href = url;
  link.dataset.room = room;
  the("span", link).textContent = name;
  const fresh = by !== the("main.talk").dataset.me;
  link.classList.toggle("unread", fresh);
  the(".unreadcount", link).hidden = !fresh;
  list.prepend(row);
}

/** Somebody takes part from now on: what waited need wait no more. */
function accepted({ room }: { room: string }): void {
  if (the("main.talk").dataset.room === room) document.querySelector("#waits")?.remove();
}

const heard = new Set<string>();

function asked(room: string): void {
  if (heard.has(room)) return;
  heard.add(room);
  const count = the("#asking");
  const number = the(".num", count);
  number.textContent = String(Number(number.textContent) + 1);
  count.hidden = false;
}
