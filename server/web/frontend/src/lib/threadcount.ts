/** In how many of the threads that one follows something is unread: asked when something happens to one, and now and then. */
import { call } from "./api.ts";
import type { Message, Notice } from "./message.ts";
import { the } from "./page.ts";
import type { Transport } from "./wire.ts";
import { number } from "./words.ts";

const EVERY_MS = 60_000;
const TOGETHER_MS = 300;

export function countThreads(channel: string, transport: Transport): void {
  const badge = document.querySelector<HTMLElement>("#threadswaiting");
  if (!badge) return;
  let soonAsked = false;
  const ask = async () => {
    soonAsked = false;
    const url = `/api/v1/channels/${channel}/threads/unread`;
    const found = document.hidden ? null : await call<{ threads: number }>("GET", url).catch(() => null);
    if (!found) return;
    the(".num", badge).textContent = number(found.threads);
    badge.hidden = !found.threads;
  };
  const soon = () => {
    if (!soonAsked) setTimeout(ask, TOGETHER_MS);
    soonAsked = true;
  };
  transport.on("thread.changed", soon);
  transport.on("message.posted", (message: Message) => message.reply_to && soon());
  transport.on("notice", (notice: Notice) => (notice.kind === "reply" || notice.kind === "mention") && soon());
  transport.onLink((link) => link.state === "online" && soon());
  document.addEventListener("visibilitychange", soon);
  setInterval(soon, EVERY_MS);
}
