/** A word for us alone, in a strip under the room's head. */
import { LATER } from "./later.ts";
import type { Notice } from "./message.ts";
import { copy, the } from "./page.ts";
import { say } from "./words.ts";

/** Shows a notice with the way to what it is about, until it is closed. */
export function tell(notice: Notice): void {
  const strip = copy("t-notice");
  if (notice.kind === "decision") decide(strip, notice);
  const certificate = notice.kind.startsWith("certificate");
  const said = notice.by ? `${notice.by} · ${notice.room_name}` : (notice.title ?? "");
  the("b", strip).textContent = certificate ? say(LATER.ready, { title: notice.title ?? "" }) : said;
  the("p span", strip).textContent = certificate ? "" : ((notice.by ? notice.title : notice.text) ?? "");
  const link = the<HTMLAnchorElement>("a", strip);
  const address = notice.code ? `/verify/${encodeURIComponent(notice.code)}` : notice.url;
  link.hidden = !address?.startsWith("/");
  if (address) link.href = address;
  the("button", strip).addEventListener("click", () => strip.remove());
  the("#notices").append(strip);
}

/** What moderators decided is no good news, unless they took it back; news of a decision take the place of the old. */
function decide(strip: HTMLElement, { decision = "", undone = false }: Notice): void {
  document.querySelector(`#notices [data-decision="${CSS.escape(decision)}"]`)?.remove();
  strip.dataset.decision = decision;
  strip.classList.toggle("good", undone);
  strip.classList.toggle("warn", !undone);
}
