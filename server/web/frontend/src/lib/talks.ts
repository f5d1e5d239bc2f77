/** People and conversations while a room is open: those that begin, are accepted, change, or are blocked. */
import type { Author, Message } from "./message.ts";
import type { Outbox } from "./outbox.ts";
import { copy, the } from "./page.ts";
import { whole } from "./places.ts";
import { portrait } from "./tile.ts";
import type { Transport } from "./wire.ts";
import { number } from "./words.ts";

/** What the server calls it when no more may wait for somebody who has not accepted. */
const HELD = "request_waits";

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
export function follow(transport: Transport, outbox: Outbox): void {
  transport.on("direct.started", begun);
  transport.on("direct.accepted", (told: { room: string }) => accepted(told, outbox));
  transport.on("message.posted", counted);
  // What was said before this was listened for.
  const last = [...document.querySelectorAll<HTMLElement>("#messages .said[data-seq]")].at(-1);
  if (last) counted({ room: the("main.talk").dataset.room ?? "", seq: Number(last.dataset.seq) });
  if (!document.querySelector("#waits")) outbox.lift(HELD);
  transport.on("member.changed", changed);
  document.addEventListener("click", pressed);
  const blocked = the("main.talk").dataset.folds;
  if (blocked) void import("./folding.ts").then(({ fold }) => fold(document.body, blocked.split(" ")));
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
function accepted({ room }: { room: string }, outbox: Outbox): void {
  if (the("main.talk").dataset.room !== room) return;
  document.querySelector("#waits")?.remove();
  outbox.lift(HELD);
}

/** Says how many more may wait for whoever has not accepted; `data-words` has the words for none, one, and so on. */
function counted({ room, seq }: Pick<Message, "room" | "seq">): void {
  const notice = document.querySelector<HTMLElement>("#waits");
  if (!notice || the("main.talk").dataset.room !== room) return;
  const words = (notice.dataset.words ?? "").split("|");
  const left = words[Math.max(0, words.length - 1 - seq)];
  if (left) the("span", notice).textContent = left;
}

/** A plain press on a name opens its card; with a key held, or without the script, it leads to the profile. */
function pressed(event: MouseEvent): void {
  const link = (event.target as Element).closest<HTMLAnchorElement>("a.who");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  void import("./card.ts").then(({ show }) => show(link));
}

/** Somebody is called, or looks, otherwise from now on. */
function changed({ id, name, avatar }: Author): void {
  const key = CSS.escape(id);
  for (const head of document.querySelectorAll<HTMLElement>(`.stream .post[data-author="${key}"]`)) {
    the(".by b", head).textContent = name;
    head.querySelector(":scope > .tile")?.replaceWith(portrait({ id, avatar }));
  }
  for (const row of document.querySelectorAll<HTMLElement>(`.about [data-person="${key}"]`)) {
    the("span", row).textContent = name;
    row.querySelector(":scope > .tile")?.replaceWith(portrait({ id, avatar }, "s"));
  }
}

const heard = new Set<string>();

function asked(room: string): void {
  if (heard.has(room)) return;
  heard.add(room);
  const count = the("#asking");
  const places = the(".num", count);
  places.textContent = number(whole(places.textContent ?? "") + 1);
  count.hidden = false;
}
