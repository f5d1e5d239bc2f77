/** The places at the side: shown anew when rooms or their order change, folded by section as this device remembers. */
import { drawn } from "./drawn.ts";
import { putOut, shut } from "./hushed.ts";
import { the } from "./page.ts";
import type { Transport } from "./wire.ts";
import { number } from "./words.ts";

/** The members of a channel do not all ask in the same moment; in a large room they take longer. */
const SPREAD_MS = 400;
const SPREAD_LARGE_MS = 8_000;
const LARGE = 200;

export interface Around {
  channel: string;
  /** How many are in the room. */
  online: number;
}

/** Keeps them as they are; what is given back has them shown anew. */
export function keepPlaces(transport: Transport, around: Around): () => void {
  const nav = the("#places");
  const folds = new Folds(nav, `guildhall.folded.${around.channel}`);
  const watch = new MutationObserver(() => sum(nav));
  const look = () => watch.observe(nav, { subtree: true, childList: true, characterData: true });
  let coming: ReturnType<typeof setTimeout> | undefined;
  const renew = async () => {
    coming = undefined;
    const fresh = await drawn(nav.dataset.list ?? "");
    if (fresh === "gone") putOut();
    else if (fresh) {
      show(nav, fresh);
      shut(the("#silent", nav).textContent ?? "");
      folds.apply();
      sum(nav);
    }
  };
  const soon = () => {
    coming ??= setTimeout(renew, Math.random() * (around.online > LARGE ? SPREAD_LARGE_MS : SPREAD_MS));
  };
  transport.on("rooms.changed", soon);
  let lost = false;
  transport.onLink(({ state }) => {
    // What changed while nothing was heard is asked for.
    if (state === "online" && lost) soon();
    lost = state !== "online";
  });
  folds.apply();
  sum(nav);
  look();
  return soon;
}

/** Which sections are folded, kept on this device. */
class Folds {
  readonly #folded: Set<string>;

  constructor(
    private readonly nav: HTMLElement,
    private readonly key: string,
  ) {
    this.#folded = new Set(read(key));
    // A toggle does not bubble.
    nav.addEventListener("toggle", (event) => this.#keep(event.target as HTMLDetailsElement), true);
  }

  apply(): void {
    for (const part of sections(this.nav)) part.open = !this.#folded.has(part.dataset.section ?? "");
  }

  #keep(part: HTMLDetailsElement): void {
    const id = part.dataset.section;
    // One that was taken out of the page meanwhile says nothing.
    if (!id || !part.isConnected) return;
    if (part.open) this.#folded.delete(id);
    else this.#folded.add(id);
    try {
      localStorage.setItem(this.key, JSON.stringify([...this.#folded]));
    } catch {
      // Without room on the device it holds for this page.
    }
  }
}

function read(key: string): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(kept) ? kept.map(String) : [];
  } catch {
    return [];
  }
}

function sections(nav: HTMLElement): NodeListOf<HTMLDetailsElement> {
  return nav.querySelectorAll<HTMLDetailsElement>("details[data-section]");
}

/** A folded section counts what is unread in it; written only where it differs, for writing is watched. */
function sum(nav: HTMLElement): void {
  for (const part of sections(nav)) {
    const head = the(".sum", part);
    const mentions = total(part, "li .atme:not([hidden]) .num");
    const unread = total(part, "li .unreadcount:not([hidden])");
    put(the(".atme .num", head), mentions);
    put(the(".unreadcount", head), unread);
    the(".atme", head).hidden = !mentions;
    the(".unreadcount", head).hidden = !unread;
  }
}

function total(part: HTMLElement, counts: string): number {
  return [...part.querySelectorAll(counts)].reduce((all, one) => all + whole(one.textContent ?? ""), 0);
}

/** A count as the page writes it: in Arabic digits, and grouped, where its language does so. */
export function whole(written: string): number {
  const latin = written.replace(/[٠-٩۰-۹]/g, (digit) => String(digit.charCodeAt(0) & 15));
  return Number(latin.replace(/\D/g, ""));
}

function put(place: HTMLElement, count: number): void {
  const written = number(count);
  if (place.textContent !== written) place.textContent = written;
}

/** Puts the new list in place of the old one; who stood on a room or a section in it stands there again. */
function show(nav: HTMLElement, fresh: Document): void {
  const held = nav.contains(document.activeElement) ? (document.activeElement as HTMLElement) : null;
  const id = held?.dataset.room ?? held?.closest<HTMLElement>("[data-section]")?.dataset.section ?? "";
  nav.replaceChildren(...fresh.body.children);
  const again = CSS.escape(id);
  if (id) nav.querySelector<HTMLElement>(`[data-room="${again}"], [data-section="${again}"] > summary`)?.focus();
  const name = nav.querySelector('[aria-current="page"] > span')?.textContent;
  if (name) the(".roomhead h1").textContent = name;
}
