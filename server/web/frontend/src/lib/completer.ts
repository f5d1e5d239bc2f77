/** Whom one may call with `@`: a listbox under the reader's keys while the caret stays in the words. */
import { call } from "./api.ts";
import { LATER } from "./later.ts";
import type { Person } from "./message.ts";
import type { Names } from "./names.ts";
import { say } from "./words.ts";

const MOST = 8;
const PAUSE_MS = 150;
const BEGUN = /(?<![\p{L}\p{N}@])@([\p{L}\p{N}][\p{L}\p{N} .'-]{0,39})?$/u;

interface Choice {
  label: string;
  /** Null for a group. */
  id: string | null;
}

export class Completer {
  readonly #list = document.createElement("ul");
  readonly #said = document.createElement("p");
  #choices: Choice[] = [];
  #at = 0;
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly field: HTMLTextAreaElement,
    private readonly channel: string,
    private readonly names: Names,
    private readonly groups: readonly string[],
  ) {
    this.#list.id = `${field.id}-called`;
    this.#list.className = "called leaf";
    this.#list.role = "listbox";
    this.#list.ariaLabel = LATER.people;
    this.#list.hidden = true;
    this.#said.className = "unseen";
    this.#said.role = "status";
    field.before(this.#list, this.#said);
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", this.#list.id);
    // Before the composer's own listener, for which Enter means to send.
    field.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    field.addEventListener("input", () => this.look());
    field.addEventListener("blur", () => this.#close());
    this.#list.addEventListener("pointerdown", (event) => this.#picked(event));
  }

  /** Looks whether a name is begun before the caret. */
  look(): void {
    const begun = this.#begun();
    clearTimeout(this.#timer);
    const asked = ++this.#asked;
    if (begun === null) this.#close();
    else this.#timer = setTimeout(() => void this.#ask(begun, asked), PAUSE_MS);
  }

  async #ask(begun: string, asked: number): Promise<void> {
    const address = `/api/v1/channels/${this.channel}/members?limit=${MOST}&q=${encodeURIComponent(begun)}`;
    const found = await call<{ items: Person[] }>("GET", address).catch(() => ({ items: [] }));
    if (asked !== this.#asked) return;
    const groups = this.groups.filter((group) => group.startsWith(begun.toLowerCase()));
    this.#choices = [
      ...found.items.map(({ id, name }) => ({ label: name, id })),
      ...groups.map((label) => ({ label, id: null })),
    ];
    this.#show();
  }

  #show(): void {
    this.#at = 0;
    this.#list.replaceChildren(
      ...this.#choices.map((choice, place) => option(choice, `${this.field.id}-called-${place}`)),
    );
    this.#list.hidden = !this.#choices.length;
    this.#said.textContent = this.#choices.length ? say(LATER.found, { count: this.#choices.length }) : "";
    this.#mark();
  }

  #close(): void {
    this.#choices = [];
    this.#show();
  }

  #mark(): void {
    for (const [place, each] of [...this.#list.children].entries()) each.ariaSelected = String(place === this.#at);
    const chosen = this.#list.children[this.#at];
    if (chosen) this.field.setAttribute("aria-activedescendant", chosen.id);
    else this.field.removeAttribute("aria-activedescendant");
  }

  #key(event: KeyboardEvent): void {
    if (this.#list.hidden || event.isComposing) return;
    const count = this.#choices.length;
    const step = { ArrowDown: 1, ArrowUp: count - 1 }[event.key];
    if (step) {
      this.#at = (this.#at + step) % count;
      this.#mark();
    } else if (event.key === "Enter" || event.key === "Tab") this.#take(this.#at);
    else if (event.key === "Escape") this.#close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #picked(event: Event): void {
    event.preventDefault();
    const row = (event.target as Element).closest("li");
    if (row) this.#take([...this.#list.children].indexOf(row));
  }

  #take(place: number): void {
    const choice = this.#choices[place];
    const begun = this.#begun();
    if (!choice || begun === null) return;
    const label = choice.id ? this.names.learn(choice.label, choice.id) : choice.label;
    const caret = this.field.selectionStart;
    this.field.setRangeText(`@${label} `, caret - begun.length - 1, caret, "end");
    this.#close();
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #begun(): string | null {
    const found = BEGUN.exec(this.field.value.slice(0, this.field.selectionStart));
    return found ? (found[1] ?? "") : null;
  }
}

function option({ label }: Choice, id: string): HTMLElement {
  const row = document.createElement("li");
  row.role = "option";
  row.id = id;
  row.dir = "auto";
  row.textContent = label;
  return row;
}
