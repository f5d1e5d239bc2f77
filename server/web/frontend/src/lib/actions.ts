/** What one can do to a message: react, reply, flag, edit, delete; send again or drop one that was not sent. */
import { call } from "./api.ts";
import type { Composer } from "./composer.ts";
import { LATER, tooLong } from "./later.ts";
import type { Message } from "./message.ts";
import type { Names } from "./names.ts";
import { the } from "./page.ts";
import { Refused } from "./refusal.ts";
import { nameOf, type Rows } from "./rows.ts";
import { equip, equipInView, land } from "./tools.ts";
import type { Wire } from "./wire.ts";
import { say } from "./words.ts";

export class Actions {
  readonly #palette = the<HTMLElement>("#palette");
  readonly #composers = new WeakMap<Element, Composer>();
  readonly #trying = new WeakSet<Element>();
  #chosen: HTMLElement | null = null;

  constructor(
    private readonly wire: Wire,
    private readonly rows: Rows,
    private readonly room: { names: Names; api: string },
  ) {
    this.#palette.addEventListener("click", (event) => this.#picked(event));
  }

  /** Serves the messages of a talk: of the room, or of a thread beside it, each with its own composer. */
  serve(talk: HTMLElement, composer: Composer | null): void {
    if (composer) this.#composers.set(talk, composer);
    const stream = the(".stream", talk);
    equipInView(stream, stream);
    stream.addEventListener("click", (event) => this.#clicked(event));
    stream.addEventListener("submit", (event) => this.#edited(event));
    stream.addEventListener("keydown", (event) => this.#key(event));
    stream.addEventListener("keydown", (event) => this.#walk(event, talk));
    // Up from an empty field is to the talk.
    const field = talk.querySelector<HTMLTextAreaElement>("textarea[name=body]");
    field?.addEventListener("keydown", (event) => {
      if (event.key === "ArrowUp" && !field.value) this.#walk(event, talk);
    });
  }

  #composer(said: HTMLElement): Composer | undefined {
    const talk = said.closest(".talk");
    return talk ? this.#composers.get(talk) : undefined;
  }

  #clicked(event: Event): void {
    const target = event.target as Element;
    const said = target.closest<HTMLElement>(".said");
    if (!said) return;
    equip(said);
    const edited = target.closest<HTMLAnchorElement>("a.edited[href]");
    if (edited) {
      void this.#history(event as MouseEvent, edited);
      return;
    }
    const button = target.closest<HTMLButtonElement>("button");
    if (button) this.#pressed(said, button);
    else this.#shown(said);
  }

  #pressed(said: HTMLElement, button: HTMLButtonElement): void {
    this.#chosen = said;
    if (button.dataset.emoji) this.#toggle(said, button.dataset.emoji, button.ariaPressed !== "true");
    const client = said.dataset.client ?? "";
    const acts: Record<string, () => unknown> = {
      react: () => this.#open(button),
      reply: () => this.#composer(said)?.reply(said, say(LATER.replying, { name: nameOf(said) })),
      edit: () => this.#edit(said),
      delete: () => this.#delete(said),
      flag: () => this.#flag(said),
      cancel: () => this.#leave(said),
      unpreview: () => this.#try(said, () => call("DELETE", `${this.room.api}/messages/${said.dataset.id}/preview`)),
      again: () => this.wire.outbox.retry(client),
      change: () => this.#takeBack(said, client),
      drop: () => this.wire.outbox.discard(client),
    };
    acts[button.dataset.act ?? ""]?.();
  }

  /** Where nothing hovers, a touch on the words shows the tools. */
  #shown(said: HTMLElement): void {
    if (!matchMedia("(hover: none)").matches) return;
    for (const other of document.querySelectorAll(".said.shown")) if (other !== said) other.classList.remove("shown");
    said.classList.toggle("shown");
  }

  #open(button: HTMLElement): void {
    const { left, top, bottom } = button.getBoundingClientRect();
    this.#palette.showPopover();
    const { offsetWidth, offsetHeight } = this.#palette;
    const above = top - offsetHeight - 4;
    this.#palette.style.left = `${Math.max(8, Math.min(left, innerWidth - offsetWidth - 8))}px`;
    this.#palette.style.top = `${above > 8 ? above : bottom + 4}px`;
    the("button", this.#palette).focus();
  }

  #picked(event: Event): void {
    const emoji = (event.target as Element).closest("button")?.dataset.emoji;
    if (!emoji || !this.#chosen) return;
    this.#palette.hidePopover();
    this.#toggle(this.#chosen, emoji, true);
  }

  /** Shown at once; the server's count follows, and a refusal takes ours back. */
  #toggle(said: HTMLElement, emoji: string, on: boolean): void {
    const old = [...said.querySelectorAll<HTMLElement>(".reacts [data-emoji]")].find(
      (each) => each.dataset.emoji === emoji,
    );
    if ((old?.ariaPressed === "true") === on) return;
    const count = Number(old?.querySelector(".num")?.textContent ?? 0);
    const id = said.dataset.id ?? "";
    const show = (shown: number, pressed: boolean) => {
      for (const each of document.querySelectorAll<HTMLElement>(`.said[data-id="${CSS.escape(id)}"]`)) {
        this.rows.react(each, emoji, shown, pressed);
      }
    };
    show(count + (on ? 1 : -1), on);
    this.wire.react(id, emoji, on).catch(() => show(count, !on));
  }

  #edit(said: HTMLElement): void {
    const form = the<HTMLFormElement>(".editing", said);
    // Pressed again, the words that were changed since stay.
    if (form.hidden) {
      the<HTMLTextAreaElement>("textarea", form).value = this.#written(said);
      form.dataset.seen = said.dataset.edited ?? "";
    }
    form.hidden = false;
    the(".words", said).hidden = true;
    the("textarea", form).focus();
  }

  /** The words to be changed, with names where the message keeps ids. */
  #written(said: HTMLElement): string {
    for (const mark of said.querySelectorAll<HTMLElement>(".mention[data-member]")) {
      this.room.names.learn(mark.textContent.slice(1), mark.dataset.member ?? "");
    }
    return this.room.names.spoken(said.dataset.body ?? the(".words", said).textContent);
  }

  async #flag(said: HTMLElement): Promise<void> {
    const { askToFlag } = await import("./flagging.ts");
    askToFlag(`${this.room.api}/messages/${said.dataset.id}/flags`, () => land(said));
  }

  /** Earlier words, over the talk; with a key held, or where they do not come, on a page of their own. */
  async #history(event: MouseEvent, link: HTMLAnchorElement): Promise<void> {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { showEarlier } = await import("./earlier.ts");
    await showEarlier(link.href);
  }

  /** What was refused goes back to where it was written, so that it can be mended. */
  #takeBack(said: HTMLElement, client: string): void {
    const composer = this.#composer(said);
    composer?.take(the("p", said).textContent);
    const item = this.wire.outbox.items.find((each) => each.client_id === client);
    said
      .closest(".talk")
      ?.querySelector("textarea[name=body]")
      ?.dispatchEvent(new Event("input", { bubbles: true }));
    composer?.attaching?.takeBack(item?.files ?? []);
    this.wire.outbox.discard(client);
  }

  #leave(said: HTMLElement): void {
    the(".editing", said).hidden = true;
    the(".words", said).hidden = false;
    land(said);
  }

  async #edited(event: SubmitEvent): Promise<void> {
    const form = event.target as HTMLFormElement;
    if (!form.matches(".editing")) return;
    event.preventDefault();
    const said = form.closest<HTMLElement>(".said");
    const body = the<HTMLTextAreaElement>("textarea", form).value.trim();
    if (!said || (!body && !said.querySelector(".files > *"))) return;
    const meant = this.room.names.meant(body);
    const long = tooLong(meant);
    // The wire drops whoever sends more than its frames hold: what is too long must not come to it.
    const edit = () =>
      long ? Promise.reject(new Error(long)) : this.wire.edit(said.dataset.id ?? "", meant, form.dataset.seen || null);
    await this.#try(said, edit).then((done) => done && this.#leave(said));
  }

  /** Shows the words that were there first above ours, which may then take their place. */
  #overtaken(said: HTMLElement, present: Message): void {
    this.rows.patch(said, present);
    the(".words", said).hidden = false;
    the(".editing", said).dataset.seen = present.edited_at ?? "";
    the(".fault span", said).textContent = LATER.meanwhile;
  }

  #key(event: KeyboardEvent): void {
    const form = (event.target as Element).closest<HTMLFormElement>(".editing");
    const said = form?.closest<HTMLElement>(".said");
    if (!form || !said) return;
    if (event.key === "Escape") this.#leave(said);
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  }

  /** Arrows go from message to message, whose tools are then the next stop of Tab; below the last one is writing. */
  #walk(event: KeyboardEvent, talk: HTMLElement): void {
    const here = event.target as Element;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey || here.closest(".editing, .poll")) return;
    event.preventDefault();
    const all = [...talk.querySelectorAll<HTMLElement>(".stream .said")];
    const at = all.indexOf(here.closest<HTMLElement>(".said") as HTMLElement);
    const next =
      all[at < 0 ? all.length - 1 : Math.max(0, at + step)] ?? talk.querySelector<HTMLElement>("textarea[name=body]");
    if (!next) return;
    if (next.matches(".said")) next.tabIndex = -1;
    next.focus();
  }

  async #delete(said: HTMLElement): Promise<void> {
    const { askToDelete } = await import("./deleting.ts");
    const act = await askToDelete(this.wire, this.room.api, said);
    land(said);
    if (act) await this.#try(said, act);
  }

  /** A refusal stands under the words it is about, until the next try; what is pressed meanwhile is done once. */
  async #try(said: HTMLElement, act: () => Promise<unknown>): Promise<boolean> {
    if (this.#trying.has(said)) return false;
    this.#trying.add(said);
    const fault = the(".fault", said);
    fault.hidden = true;
    try {
      await act();
      return true;
    } catch (error) {
      fault.hidden = false;
      the("span", fault).textContent = (error as Error).message;
      if (error instanceof Refused && error.present) this.#overtaken(said, error.present);
      return false;
    } finally {
      this.#trying.delete(said);
    }
  }
}
