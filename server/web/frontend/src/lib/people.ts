/** Who is here: the count in the room's head, the dots beside names, the counts of other rooms. */
import { clock } from "./dates.ts";
import type { PresenceChange, Unread } from "./message.ts";
import { copy, type RoomFacts, the } from "./page.ts";
import { Roster } from "./roster.ts";
import { portrait } from "./tile.ts";
import { number, say, WORDS } from "./words.ts";

export class People {
  readonly #count = the("#online span");
  readonly #dot = the("#online .here");
  readonly #roster = new Roster();

  constructor(private readonly facts: RoomFacts) {
    this.#roster.online = facts.online;
  }

  online(count: number): void {
    this.#roster.online = count;
    this.#count.textContent = say(WORDS.here, { count });
    this.#dot.classList.toggle("on", count > 0);
  }

  changed(change: PresenceChange): "current" | "missed" {
    const state = this.#roster.apply(change);
    if (change.whole) this.#darken();
    for (const gone of change.left ?? []) this.#dots(typeof gone === "string" ? gone : gone.id, false);
    for (const person of change.joined ?? []) {
      this.#listed(person);
      this.#dots(person.id, true);
    }
    this.online(this.#roster.online);
    return state;
  }

  /** Without the wire nobody knows who is here: the dots go hollow and the count says when it was true. */
  lost(): void {
    this.#darken();
    this.#count.textContent = say(WORDS.hereAt, {
      count: this.#roster.online,
      time: clock(Date.now(), this.facts.zone),
    });
  }

  /** The counts of other rooms: what is new in this one is said by its line and its button. */
  unread(counts: Record<string, Unread>): void {
    for (const [room, { unread, mentions }] of Object.entries(counts)) {
      if (room === this.facts.room) continue;
      const place = document.querySelector<HTMLElement>(`.side [data-room="${room}"]`);
      if (!place) continue;
      place.classList.toggle("unread", unread > 0);
      const all = the(".unreadcount", place);
      all.hidden = unread <= 0;
      all.textContent = number(unread);
      all.classList.toggle("push", !mentions);
      the(".atme", place).hidden = !mentions;
      the(".atme .num", place).textContent = number(mentions);
    }
  }

  #darken(): void {
    for (const dot of document.querySelectorAll(".here.on")) dot.classList.remove("on");
  }

  #dots(person: string, on: boolean): void {
    for (const row of document.querySelectorAll(`[data-person="${person}"]`)) {
      row.querySelector(".here")?.classList.toggle("on", on);
    }
  }

  #listed(person: { id: string; name: string }): void {
    if (document.querySelector(`.about [data-person="${person.id}"]`)) return;
    const row = copy("t-person");
    row.dataset.person = person.id;
    row.prepend(portrait(person, "s"));
    the("span", row).textContent = person.name;
    the(".about .people").append(row);
  }
}
