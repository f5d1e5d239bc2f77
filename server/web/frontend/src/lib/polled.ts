/** A poll as an element, from the page's templates; what we chose is known from what was told to us alone. */
import { LATER, moment, votes as shares } from "./later.ts";
import type { Message, Poll } from "./message.ts";
import { copy, the } from "./page.ts";
import { say } from "./words.ts";

/** What everybody is told of a poll alike. */
export interface Counts {
  v: number;
  counts: number[];
  voters: number;
  closed: boolean;
}

/** What we chose, by message; a poll that comes back after it was hidden is told without it. */
const chosen = new Map<string, readonly number[]>();
/** Timers hold no more milliseconds than this. */
const LONGEST_MS = 2 ** 31 - 1;

/** A form for the poll of a message, with its options and no counts yet. */
export function blank({ id, poll }: Message): HTMLElement {
  const form = copy("t-poll") as HTMLFormElement;
  form.action = `${location.pathname}/polls/${id}`;
  the<HTMLAnchorElement>(".who-voted", form).href = form.action;
  if (!poll) return form;
  the(".options", form).append(...poll.options.map(({ text }, place) => option(text, place, poll.several)));
  choose(form, id, chosen.get(id) ?? []);
  the(".who-voted", form).hidden = poll.anonymous;
  the(".secret", form).hidden = !poll.anonymous;
  const time = the<HTMLTimeElement>("time", form);
  if (poll.ends_at) {
    time.dateTime = poll.ends_at;
    time.textContent = moment(poll.ends_at);
  }
  return form;
}

function option(text: string, place: number, several: boolean): HTMLElement {
  const row = copy("t-option");
  const input = the<HTMLInputElement>("input", row);
  input.type = several ? "checkbox" : "radio";
  input.name = several ? `option-${place}` : "option";
  input.required = !several;
  input.value = String(place);
  the("label span", row).textContent = text;
  return row;
}

/** Brings a form to what was told of its poll; `mine` too, where that was told to us. */
export function bring(form: HTMLFormElement, id: string, { options, mine, ...poll }: Poll): void {
  count(form, { ...poll, counts: options.map((each) => each.count) });
  if (mine) choose(form, id, mine);
  expire(form, id, poll.ends_at);
}

/** Shows counts that are not older than those that stand there. */
export function count(form: HTMLFormElement, told: Counts): void {
  if (told.v < Number(form.dataset.v ?? 0)) return;
  form.dataset.v = String(told.v);
  const rows = form.querySelectorAll(".options > li");
  told.counts.forEach((votes, place) => {
    const row = rows[place];
    if (!row) return;
    const share = told.voters ? Math.round((100 * votes) / told.voters) : 0;
    the<HTMLProgressElement>("progress", row).value = share;
    the(".num", row).textContent = shares(votes, share);
  });
  the(".voters", form).textContent = say(LATER.voted, { count: told.voters });
  if (told.closed) shut(form);
  else the(".ends", form).hidden = !the<HTMLTimeElement>("time", form).dateTime;
}

/** Ticks what we chose. */
export function choose(form: HTMLFormElement, id: string, mine: readonly number[]): void {
  chosen.set(id, mine);
  for (const input of form.querySelectorAll<HTMLInputElement>(".options input")) {
    input.checked = mine.includes(Number(input.value));
  }
  the(".withdraw", form).hidden = !mine.length;
}

/** Notes what the server's page had ticked. */
export function remember(form: HTMLFormElement, id: string): void {
  const ticked = [...form.querySelectorAll<HTMLInputElement>(".options input")].filter((each) => each.defaultChecked);
  if (!chosen.has(id)) {
    chosen.set(
      id,
      ticked.map((each) => Number(each.value)),
    );
  }
}

/** Closes a form when the end of its poll has come, however that is learnt. */
export function expire(form: HTMLFormElement, id: string, end: string | null): void {
  if (!end || form.dataset.expires === id) return;
  const left = Date.parse(end) - Date.now();
  if (left > LONGEST_MS) return;
  form.dataset.expires = id;
  setTimeout(() => shut(form), Math.max(0, left));
}

function shut(form: HTMLFormElement): void {
  the<HTMLFieldSetElement>("fieldset", form).disabled = true;
  the(".ends", form).hidden = true;
  the(".over", form).hidden = false;
}
