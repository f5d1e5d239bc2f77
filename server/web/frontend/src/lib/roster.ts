/** Who is here, followed by versioned changes. */
import type { Person, PresenceChange } from "./message.ts";

/** From so many on, the server may have stopped to name everybody. */
const NAMED_BELOW = 150;

export class Roster {
  readonly here = new Map<string, Person>();
  online = 0;
  #version: number | null = null;
  /** The room is large: only those who were asked for are named. */
  #partial = false;

  /** Applies a change; `missed` when one before it never came, or named nobody, and only a fresh list helps. */
  apply(change: PresenceChange): "current" | "missed" {
    const before = this.#version;
    if (before !== null && change.v < before) return "current";
    this.#version = change.v;
    this.online = change.online;
    if (change.whole) this.here.clear();
    for (const person of change.joined ?? []) this.here.set(person.id, person);
    for (const gone of change.left ?? []) this.here.delete(typeof gone === "string" ? gone : gone.id);
    if (change.whole) this.#partial = this.here.size < change.online;
    if (change.whole || before === null) return "current";
    return change.v > before + 1 || this.#lacks(change) ? "missed" : "current";
  }

  #lacks(change: PresenceChange): boolean {
    if (this.#partial) return change.online < NAMED_BELOW;
    return !change.joined && !change.left;
  }
}
