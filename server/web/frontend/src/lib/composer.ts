/** Writing: Enter sends, Shift+Enter breaks the line, the draft outlives the page, a reply knows its message. */
import type { Attaching, Ready } from "./attaching.ts";
import type { Names } from "./names.ts";
import { type RoomFacts, the } from "./page.ts";

export interface ComposerHooks {
  send(body: string, replyTo: string | null, files: Ready[]): void;
  typing(): void;
}

export class Composer {
  /** What is wrong with the length of a message, once that can be said; the server refuses it all the same. */
  static tooLong?: (body: string) => string | false;

  readonly #field: HTMLTextAreaElement;
  readonly #replying: HTMLElement;
  readonly #fault: HTMLElement;
  readonly #draft: string;
  #completing = false;
  #replyTo: string | null = null;
  /** The files for the next message, once there are some. */
  attaching: Attaching | null = null;

  constructor(
    readonly form: HTMLFormElement,
    facts: RoomFacts,
    private readonly names: Names,
    private readonly hooks: ComposerHooks,
  ) {
    this.#field = the("textarea", form);
    this.#replying = the(".replying", form);
    this.#fault = the(".error", form);
    this.#draft = `guildhall.draft.${facts.root ?? facts.room}`;
    this.#field.value ||= localStorage.getItem(this.#draft) ?? "";
    this.form.addEventListener("submit", (event) => this.#submit(event));
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    this.#field.addEventListener("input", () => this.#wrote());
    this.#field.addEventListener("input", () => this.#calls(facts));
    the("button", this.#replying).addEventListener("click", () => this.reply(null));
  }

  /** The next message answers `said`, as `words` tell; null takes that back. */
  reply(said: HTMLElement | null, words = ""): void {
    this.#replyTo = said?.dataset.id ?? null;
    this.#replying.hidden = !said;
    the("span", this.#replying).textContent = words;
    this.#field.focus();
  }

  /** Words to be changed, below those that stand there. */
  take(words: string): void {
    this.#field.value = [this.#field.value, words].filter(Boolean).join("\n");
    this.#field.focus();
    this.#wrote();
  }

  /** The first `@` brings the list of people, which looks for itself from then on. */
  async #calls(facts: RoomFacts): Promise<void> {
    if (this.#completing || !this.#field.value.includes("@")) return;
    this.#completing = true;
    const { Completer } = await import("./completer.ts");
    new Completer(this.#field, facts.channel, this.names, facts.calls).look();
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape" && this.#replyTo) this.reply(null);
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  #wrote(): void {
    this.complain("");
    localStorage.setItem(this.#draft, this.#field.value);
    if (this.#field.value.trim()) this.hooks.typing();
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const body = this.names.meant(this.#field.value.trim());
    const files = this.attaching ? this.attaching.ready() : [];
    if (!files || !(body || files.length)) return;
    const long = Composer.tooLong?.(body);
    if (long) this.complain(long);
    else this.#send(body, files);
  }

  #send(body: string, files: Ready[]): void {
    this.hooks.send(body, this.#replyTo, files);
    this.attaching?.sent();
    this.#field.value = "";
    localStorage.removeItem(this.#draft);
    this.reply(null);
  }

  /** Says what is wrong with what is to be sent; nothing, when it is mended. */
  complain(text: string): void {
    this.#fault.hidden = !text;
    the("span", this.#fault).textContent = text;
    this.#field.toggleAttribute("aria-invalid", Boolean(text));
  }
}
