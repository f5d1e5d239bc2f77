/** Things in lists put in order: dragged by their grips, or by the steps that are forms without this script. */
import { call } from "./api.ts";
import { drawn } from "./drawn.ts";
import { LATER } from "./later.ts";
import { the } from "./page.ts";
import { Refused } from "./refusal.ts";
import { say } from "./words.ts";

const ITEM = "[data-item]";
/** So near to the edge of the window it scrolls, by so much at each move. */
const EDGE = 56;
const SCROLL = 14;

/** A list and what is in it, as it is kept. */
interface Section {
  id: string | null;
  rooms: string[];
}

/** Where a thing stood: to put it back there. */
interface Place {
  list: Element;
  next: Element | null;
}

export function order(root: HTMLElement): void {
  const orders = new Orders(root);
  root.addEventListener("submit", (event) => orders.stepped(event));
  root.addEventListener("pointerdown", (event) => orders.grasped(event));
}

class Orders {
  readonly #said: HTMLElement;
  readonly #fault: HTMLElement;
  #kept = Promise.resolve();
  #shut = false;
  /** What is kept, as far as this page knows: another's order is not undone unseen. */
  #seen: Section[];

  constructor(private readonly root: HTMLElement) {
    this.#said = the("[data-moved]", root);
    this.#fault = the("[data-unmoved]", root);
    this.#seen = this.#sections();
  }

  /** A step in place; where the first or last one is reached the other button takes the focus. */
  stepped(event: SubmitEvent): void {
    const button = event.submitter as HTMLButtonElement | null;
    const item = button?.closest<HTMLElement>(ITEM);
    if (!button || !item || button.name !== "to") return;
    event.preventDefault();
    if (this.#shut) return;
    const other = button.value === "up" ? before(item) : after(item);
    if (!other) return;
    if (button.value === "up") other.before(item);
    else other.after(item);
    this.#settle(item);
    (button.disabled ? item.querySelector<HTMLElement>("button[name=to]:enabled") : button)?.focus();
  }

  /** The grip was taken hold of: the thing follows the pointer from list to list until it is let go. */
  grasped(event: PointerEvent): void {
    const item = (event.target as Element).closest("[data-grip]")?.closest<HTMLElement>(ITEM);
    if (!item || event.button || this.#shut) return;
    event.preventDefault();
    const from: Place = { list: item.parentElement as Element, next: item.nextElementSibling };
    const over = new AbortController();
    const end = (kept: boolean) => {
      over.abort();
      item.classList.remove("lifted");
      const same = item.parentElement === from.list && item.nextElementSibling === from.next;
      if (!kept) from.list.insertBefore(item, from.next);
      if (kept && !same) this.#settle(item);
      else if (!same) this.#said.textContent = say(LATER.movedBack, { what: called(item) });
    };
    item.classList.add("lifted");
    // Heard by the page: what is moved from list to list cannot keep hold of the pointer.
    const during = { signal: over.signal };
    document.addEventListener("pointermove", (move) => follow(item, move), during);
    document.addEventListener("pointerup", () => end(true), during);
    document.addEventListener("pointercancel", () => end(false), during);
    document.addEventListener("keydown", ({ key }) => key === "Escape" && end(false), during);
  }

  /** Tells where it stands now, and keeps the whole order; one after the other, so that the last one counts. */
  #settle(item: HTMLElement): void {
    for (const list of this.#lists()) settleSteps(list);
    const next = after(item);
    const list = nameOf(item.parentElement as Element);
    const what = called(item);
    this.#said.textContent = next
      ? say(LATER.movedBefore, { what, next: called(next), list })
      : say(LATER.movedLast, { what, list });
    this.#kept = this.#kept.then(() => this.#keep());
  }

  async #keep(): Promise<void> {
    if (this.#shut) return;
    const sections = this.#sections();
    const url = `/api/v1/channels/${this.root.dataset.orders}/room-order`;
    try {
      // Kept even by a page that is left at once.
      await call("PUT", url, { sections, seen: this.#seen }, { keepalive: true });
      this.#seen = sections;
      this.#fault.hidden = true;
    } catch (fault) {
      await this.#failed(fault as Error);
    }
  }

  /** Says so; what stands here is no longer what is kept, so nothing more is moved until that was loaded again. */
  async #failed(fault: Error): Promise<void> {
    this.#shut = fault instanceof Refused;
    this.#said.textContent = "";
    the("span", this.#fault).textContent = fault.message;
    this.#fault.hidden = false;
    this.#fault.scrollIntoView({ block: "nearest" });
    if (fault instanceof Refused && fault.code === "order_changed") this.#shut = !(await this.#renew());
  }

  /** Puts what is here as it is kept now; false when there is something else than that. */
  async #renew(): Promise<boolean> {
    const page = await drawn(the<HTMLAnchorElement>("a", this.#fault).pathname);
    if (!page || page === "gone") return false;
    for (const list of page.querySelectorAll<HTMLElement>("#order [data-list]")) {
      const own = this.root.querySelector<HTMLElement>(`[data-list="${CSS.escape(list.dataset.list ?? "")}"]`);
      if (!own) return false;
      for (const id of items(list).map(idOf)) {
        const item = this.root.querySelector(`[data-item="${CSS.escape(id)}"]`);
        if (!item) return false;
        own.insertBefore(item, own.querySelector(":scope > .nothing"));
      }
      // Sections have an order too.
      this.root.append(own.closest("section") as Element);
    }
    for (const list of this.#lists()) settleSteps(list);
    this.#seen = this.#sections();
    return true;
  }

  #sections(): Section[] {
    return this.#lists().map((list) => ({ id: list.dataset.list || null, rooms: items(list).map(idOf) }));
  }

  #lists(): HTMLElement[] {
    return [...this.root.querySelectorAll<HTMLElement>("[data-list]")];
  }
}

/** Puts the thing where the pointer is: before or behind the one under it, or into the list under it. */
function follow(item: HTMLElement, { clientX, clientY }: PointerEvent): void {
  if (clientY < EDGE) scrollBy(0, -SCROLL);
  else if (clientY > innerHeight - EDGE) scrollBy(0, SCROLL);
  const under = document.elementFromPoint(clientX, clientY);
  const other = under?.closest<HTMLElement>(ITEM);
  if (other && other !== item && other.parentElement?.matches("[data-list]")) {
    const { top, height } = other.getBoundingClientRect();
    if (clientY < top + height / 2) other.before(item);
    else other.after(item);
    return;
  }
  const list = other ? null : under?.closest<HTMLElement>("section")?.querySelector<HTMLElement>("[data-list]");
  if (list && list !== item.parentElement) list.insertBefore(item, list.querySelector(":scope > .nothing"));
}

function settleSteps(list: HTMLElement): void {
  const own = items(list);
  own.forEach((item, place) => {
    the<HTMLButtonElement>('button[value="up"]', item).disabled = place === 0;
    the<HTMLButtonElement>('button[value="down"]', item).disabled = place === own.length - 1;
  });
}

function items(list: HTMLElement): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>(`:scope > ${ITEM}`)];
}

function before(item: Element): HTMLElement | null {
  const found = item.previousElementSibling;
  return found?.matches(ITEM) ? (found as HTMLElement) : null;
}

function after(item: Element): HTMLElement | null {
  const found = item.nextElementSibling;
  return found?.matches(ITEM) ? (found as HTMLElement) : null;
}

function idOf(item: HTMLElement): string {
  return item.dataset.item ?? "";
}

function called(item: HTMLElement): string {
  return item.dataset.called ?? "";
}

function nameOf(list: Element): string {
  return document.getElementById(list.getAttribute("aria-labelledby") ?? "")?.textContent ?? "";
}
