/** What is kept of the talk: pins, which everybody in the room sees, and what the reader saves; loaded late. */
import { call } from "./api.ts";
import { the } from "./page.ts";
import { complete } from "./rows.ts";
import type { Transport } from "./wire.ts";
import { number } from "./words.ts";

type Kind = "pin" | "save";
interface Marks {
  pinned: string[];
  saved: string[];
}

const PLACES = { pin: "pin", save: "bookmark" } as const;

export class Keeping {
  readonly #kept: Record<Kind, Set<string>> = { pin: new Set(), save: new Set() };

  /** What is on its way to the server. */
  readonly #going = new Set<string>();

  constructor(
    private readonly list: HTMLElement,
    transport: Transport,
    private readonly api: string,
    private readonly room: string,
  ) {
    list.addEventListener("click", (event) => this.#clicked(event));
    transport.on("pin.changed", (event: { room: string; message: string; on: boolean; pinned: number }) => {
      if (event.room !== room) return;
      this.#set("pin", event.message, event.on);
      this.#count(event.pinned);
    });
    transport.on("bookmark.changed", ({ message, on }: { message: string; on: boolean }) =>
      this.#set("save", message, on),
    );
    new MutationObserver((changes) => this.#added(changes)).observe(list, { childList: true, subtree: true });
    // What was hidden or deleted is off the list of pins, and on it again with its words.
    for (const event of ["message.deleted", "message.hidden", "message.restored"]) {
      transport.on(event, () => void this.read());
    }
    transport.onLink((link) => link.state === "online" && void this.read());
  }

  /** Asks which messages are kept, after a pause too. */
  async read(): Promise<void> {
    const marks = await call<Marks>("GET", `${this.api}/rooms/${this.room}/marks`).catch(() => null);
    if (!marks) return;
    this.#kept.pin = new Set(marks.pinned);
    this.#kept.save = new Set(marks.saved);
    this.#count(marks.pinned.length);
    for (const said of this.list.querySelectorAll<HTMLElement>(".said[data-id]")) this.#show(said);
  }

  /** The second click of a double one takes nothing back, however fast the server answered the first. */
  #clicked(event: MouseEvent): void {
    if (event.detail > 1) return;
    const button = (event.target as Element).closest<HTMLElement>("[data-act=pin], [data-act=save]");
    const said = button?.closest<HTMLElement>(".said[data-id]");
    if (button && said) void this.#press(button.dataset.act as Kind, said);
  }

  /** Shown at once; a refusal takes it back and says why under the words. What is on its way is not pressed again. */
  async #press(kind: Kind, said: HTMLElement): Promise<void> {
    const id = said.dataset.id ?? "";
    const way = `${kind} ${id}`;
    if (this.#going.has(way)) return;
    this.#going.add(way);
    const on = !this.#kept[kind].has(id);
    const fault = the(".fault", said);
    fault.hidden = true;
    this.#set(kind, id, on);
    try {
      await call(on ? "PUT" : "DELETE", `${this.api}/messages/${id}/${PLACES[kind]}`);
    } catch (error) {
      this.#set(kind, id, !on);
      the("span", fault).textContent = (error as Error).message;
      fault.hidden = false;
    } finally {
      this.#going.delete(way);
    }
  }

  #set(kind: Kind, id: string, on: boolean): void {
    if (on) this.#kept[kind].add(id);
    else this.#kept[kind].delete(id);
    for (const said of this.list.querySelectorAll<HTMLElement>(`.said[data-id="${CSS.escape(id)}"]`)) this.#show(said);
  }

  #show(said: HTMLElement): void {
    const id = said.dataset.id ?? "";
    for (const kind of ["pin", "save"] as const) {
      const on = this.#kept[kind].has(id);
      said.querySelector(`[data-act=${kind}]`)?.setAttribute("aria-pressed", String(on));
      if (kind === "pin" && (on || said.querySelector(".pinmark"))) {
        complete(said);
        the(".pinmark", said).hidden = !on;
      }
    }
  }

  #added(changes: MutationRecord[]): void {
    for (const node of changes.flatMap((change) => [...change.addedNodes])) {
      if (!(node instanceof HTMLElement)) continue;
      // A message, or the tools that one was given.
      const own = node.closest<HTMLElement>(".said[data-id]");
      for (const said of own ? [own] : node.querySelectorAll<HTMLElement>(".said[data-id]")) this.#show(said);
    }
  }

  #count(pinned: number): void {
    const link = the("#pins");
    link.hidden = !pinned;
    the(".num", link).textContent = number(pinned);
  }
}
