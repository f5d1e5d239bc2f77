/** The form of a new poll grows with its options, and posts in place; loaded when it is opened. */
import { call } from "./api.ts";
import { LATER } from "./later.ts";
import type { Posted } from "./message.ts";
import { the } from "./page.ts";
import { Refused } from "./refusal.ts";

const FEWEST = 2;
const HOUR_MS = 3_600_000;

export class Asking {
  readonly #fields: HTMLInputElement[];
  readonly #client: HTMLInputElement;

  constructor(
    private readonly form: HTMLFormElement,
    private readonly address: string,
    /** The message that what is asked answers, on the page of its thread. */
    private readonly root: string | null,
  ) {
    this.#fields = [...form.querySelectorAll<HTMLInputElement>(".option input")];
    this.#client = the("[name=client_id]", form);
    form.addEventListener("input", () => this.#grow());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#post();
    });
    this.#grow();
  }

  /** One empty option is offered below the last that is written. */
  #grow(): void {
    const last = this.#fields.findLastIndex((field) => field.value.trim());
    this.#fields.forEach((field, place) => {
      (field.parentElement as HTMLElement).hidden = place > Math.max(last + 1, FEWEST - 1);
    });
  }

  async #post(): Promise<void> {
    const given = new FormData(this.form);
    const hours = Number(given.get("ends"));
    const poll = {
      options: this.#fields.map((field) => field.value.trim()).filter(Boolean),
      several: given.has("several"),
      anonymous: given.has("anonymous"),
      ends_at: hours ? new Date(Date.now() + hours * HOUR_MS).toISOString() : null,
    };
    this.#complain("");
    try {
      // The same id until it is posted: pressed again after a broken connection, it counts once.
      const said = { client_id: this.#client.value, body: String(given.get("body")), reply_to: this.root };
      const { id } = await call<Posted>("POST", this.address, { ...said, poll });
      // No other poll of ours was ever called by it.
      this.#client.value = id;
    } catch (fault) {
      this.#complain(fault instanceof Refused ? fault.message : LATER.notAsked);
      return;
    }
    this.form.reset();
    this.#grow();
    this.form.hidePopover();
  }

  #complain(words: string): void {
    const line = the(".error", this.form);
    the("span", line).textContent = words;
    line.hidden = !words;
  }
}
