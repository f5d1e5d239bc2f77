/** Voting in place, and following how others vote; loaded late. */
import { call } from "./api.ts";
import type { Poll } from "./message.ts";
import { the } from "./page.ts";
import { bring, type Counts, choose, count, expire, remember } from "./polled.ts";
import { equip, land } from "./tools.ts";
import type { Transport } from "./wire.ts";

export class Polling {
  constructor(
    private readonly place: HTMLElement,
    transport: Transport,
    private readonly api: string,
  ) {
    place.addEventListener("submit", (event) => this.#submitted(event));
    transport.on("poll.changed", (told: Counts & { message: string }) => {
      for (const form of this.#of(told.message)) count(form, told);
    });
    transport.on("poll.voted", ({ message, mine }: { message: string; mine: number[] }) => {
      for (const form of this.#of(message)) choose(form, message, mine);
    });
    for (const form of place.querySelectorAll<HTMLFormElement>("form.poll")) {
      remember(form, idOf(form));
      expire(form, idOf(form), form.querySelector("time")?.dateTime || null);
    }
  }

  /** A message may stand in its room and in a thread beside it. */
  #of(id: string): Iterable<HTMLFormElement> {
    return this.place.querySelectorAll<HTMLFormElement>(`.said[data-id="${CSS.escape(id)}"] form.poll`);
  }

  #submitted(event: SubmitEvent): void {
    const form = event.target as HTMLFormElement;
    if (!form.matches(".poll")) return;
    event.preventDefault();
    const act = (event.submitter as HTMLButtonElement | null)?.value ?? "vote";
    if (act === "close") this.#askToClose(form);
    else void this.#act(form, act);
  }

  /** What is closed cannot be opened again. */
  #askToClose(form: HTMLFormElement): void {
    const dialog = the<HTMLDialogElement>("#ask-close");
    dialog.returnValue = "";
    dialog.onclose = () => {
      if (dialog.returnValue === "close") void this.#act(form, "close");
    };
    dialog.showModal();
  }

  /** A refusal stands under the words it is about, until the next try. */
  async #act(form: HTMLFormElement, act: string): Promise<void> {
    const id = idOf(form);
    const said = form.closest(".said") as HTMLElement;
    equip(said);
    const fault = the(".fault", said);
    fault.hidden = true;
    try {
      const poll = await this.#ask(form, `${this.api}/messages/${id}`, act);
      // Nothing is left to press in a poll that is closed.
      if (act === "close" && said.contains(document.activeElement)) land(said);
      for (const each of this.#of(id)) bring(each, id, poll);
    } catch (error) {
      the("span", fault).textContent = (error as Error).message;
      fault.hidden = false;
    }
  }

  #ask(form: HTMLFormElement, message: string, act: string): Promise<Poll> {
    if (act === "close") return call("POST", `${message}/poll/close`);
    if (act === "withdraw") return call("DELETE", `${message}/vote`);
    const options = [...form.querySelectorAll<HTMLInputElement>(".options input:checked")].map((each) =>
      Number(each.value),
    );
    return call("PUT", `${message}/vote`, { options });
  }
}

function idOf(form: HTMLElement): string {
  return form.closest<HTMLElement>(".said")?.dataset.id ?? "";
}
