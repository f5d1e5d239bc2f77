/** A page of rows that stays what the server would draw now: what is taken away goes, what comes stands there. */
import { alike } from "./alike.ts";
import { drawn } from "./drawn.ts";
import { SocketTransport } from "./socket.ts";

/** What happens to a message; heard of the rooms whose messages stand on the page. */
const TOLD = ["message.edited", "message.deleted", "message.hidden", "message.restored"];
/** What changes every such page: the bell stands in its head. */
const OFTEN = ["rooms.changed", "notice", "bell"];
/** What happens close together is asked for once. */
const PAUSE_MS = 100;
const WAIT_MS = 10_000;
/** A tab that nobody has looked at for so long gives its connection back: one person may have ten. */
const UNSEEN_MS = 30_000;

/** Begins for a page whose `[data-live]` parts hold the rows; `data-renews` names what else changes them. */
export function stayFresh(main: HTMLElement): void {
  const wire = new SocketTransport(main.dataset.channel ?? "");
  /** All that stood here: what was taken away may come back. */
  const known = new Set<string>();
  const rooms = new Set<string>();
  let coming: ReturnType<typeof setTimeout> | undefined;

  const join = () => {
    const joining: Promise<unknown>[] = [];
    for (const { dataset } of main.querySelectorAll<HTMLElement>("[data-message]")) {
      known.add(dataset.message ?? "");
      const room = dataset.room ?? "";
      if (rooms.has(room)) continue;
      rooms.add(room);
      // One that is no longer ours is not on the page when it is drawn anew.
      const asked = wire.request("room.join", { room, unseen: true }, WAIT_MS);
      joining.push(asked.catch(() => rooms.delete(room)));
    }
    return Promise.all(joining);
  };
  const renew = async () => {
    coming = undefined;
    const page = await drawn(location.pathname + location.search);
    if (page === "gone") location.reload();
    else if (page) show(main, page);
    await join();
  };
  const soon = () => {
    coming ??= setTimeout(renew, PAUSE_MS);
  };

  for (const event of TOLD) wire.on(event, ({ id }: { id: string }) => known.has(id) && soon());
  for (const event of [...OFTEN, ...(main.dataset.renews?.split(" ") ?? [])]) wire.on(event, soon);
  wire.onLink(async (link) => {
    if (link.state === "ended" && link.code === "disconnected") location.reload();
    if (link.state !== "online") return;
    rooms.clear();
    await join();
    // What changed before it was heard.
    soon();
  });
  let unseen: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(unseen);
    if (document.hidden) unseen = setTimeout(() => wire.rest(), UNSEEN_MS);
    else wire.retry();
  });
}

/** Changes what differs, and nothing else; who stood on a row that went stands at the head. */
function show(main: HTMLElement, page: Document): void {
  const held = document.activeElement;
  const live = "[data-live], [data-bell]";
  const others = [...page.querySelectorAll(live)];
  for (const [at, part] of [...document.querySelectorAll(live)].entries()) {
    const other = others[at];
    if (other) alike(part, other);
  }
  if (held?.isConnected) return;
  const head = main.querySelector<HTMLElement>("h1");
  if (!head) return;
  head.tabIndex = -1;
  head.focus();
}
