/** Who is here, followed by versioned changes. */
import type { Person, PresenceChange } from "./message.ts";

export class Roster {
  readonly here = new Map<string, Person>();
  online = 0;
  #version: number | null = null;

  /** Applies a change; `missed` when one before it never came, and only a fresh list helps. */
  apply(change: PresenceChange): "current" | "missed" {
    const before = this.#version;
    if (before !== null && change.v <= before) return "current";
    this.#version = change.v;
    this.online = change.online;
    for (const person of change.joined ?? []) this.here.set(person.id, person);
    for (const gone of change.left ?? []) this.here.delete(typeof gone === "string" ? gone : gone.id);
    return before === null || change.v === before + 1 ? "current" : "missed";
  }

  restart(version: number, online: number, people: Person[]): void {
    this.#version = version;
    this.online = online;
    this.here.clear();
    for (const person of people) this.here.set(person.id, person);
  }
}
