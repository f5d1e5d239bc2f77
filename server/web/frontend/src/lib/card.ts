/** Who somebody is, on pressing their name: loaded with the first press. */
import { call } from "./api.ts";
import { LATER } from "./later.ts";
import { copy, the } from "./page.ts";
import { WORDS } from "./words.ts";

interface Profile {
  name: string;
  role: "owner" | "admin" | "teacher" | "moderator" | "student";
  pronouns: string;
  time_zone: string;
}

let open: HTMLElement | null = null;

/** Shows the card of a member beside the name that was pressed; where that fails, the name leads on as a link. */
export async function show(link: HTMLAnchorElement): Promise<void> {
  const id = link.pathname.split("/").pop() ?? "";
  const { channel, me, moderates } = the("main.talk").dataset;
  const who = await call<Profile>("GET", `/api/v1/channels/${channel}/members/${id}/profile`).catch(() => null);
  if (!who || id === me) {
    location.assign(link.href);
    return;
  }
  open?.remove();
  const card = copy("t-card");
  the("b", card).textContent = card.ariaLabel = who.name;
  the(".role", card).textContent = [LATER[who.role], who.pronouns].filter(Boolean).join(" · ");
  the(".local", card).hidden = !who.time_zone;
  if (who.time_zone) the(".local span", card).textContent = `${timeIn(who.time_zone)} (${who.time_zone})`;
  for (const field of card.querySelectorAll<HTMLInputElement>("input")) field.value = id;
  the<HTMLAnchorElement>(".profile", card).href = link.href;
  const cases = the<HTMLAnchorElement>(".cases", card);
  cases.hidden = moderates === undefined;
  cases.href = `/c/${channel}/studio/moderation?member=${id}`;
  document.body.append(card);
  place(card, link);
  open = card;
}

function timeIn(zone: string): string {
  return new Intl.DateTimeFormat(WORDS.locale, { timeStyle: "short", timeZone: zone }).format();
}

function place(card: HTMLElement, link: Element): void {
  const { left, bottom, top } = link.getBoundingClientRect();
  card.showPopover();
  const below = bottom + 4 + card.offsetHeight < innerHeight;
  card.style.left = `${Math.max(8, Math.min(left, innerWidth - card.offsetWidth - 8))}px`;
  card.style.top = `${below ? bottom + 4 : Math.max(8, top - card.offsetHeight - 4)}px`;
  the<HTMLElement>("button", card).focus();
}
