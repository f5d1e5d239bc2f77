/** The files of what one has begun to write: kept with its words, and there again with them. */
import type { Attaching, Ready } from "./attaching.ts";
import type { Files } from "./touch.ts";

export class DraftFiles {
  #attaching: Attaching | null = null;
  /** What is kept has been read, and stands there. */
  #known = false;

  constructor(
    private readonly files: Files,
    /** They are others than they were. */
    changed: () => void,
  ) {
    void files.arrived.then((attaching) => {
      this.#attaching = attaching;
      attaching.changed = changed;
    });
  }

  /** What stands there now, to be kept; undefined while nothing of it is known here. */
  ids(): string[] | undefined {
    return this.#known ? this.#attaching?.standing() : undefined;
  }

  /** What is kept, since it was read or another device has changed it. */
  bring(kept: readonly Ready[], shown: () => void): void {
    if (!kept.length && !this.#attaching) {
      this.#known = true;
      return;
    }
    this.files.ask();
    void this.files.arrived.then((attaching) => {
      attaching.match(kept);
      this.#known = true;
      shown();
    });
  }
}
