/** Counts of reactions carry no version, so two that overtake each other leave the older: then the message is read. */

/** Counts that come closer together than this may have overtaken each other. */
export const CLOSE_MS = 2_000;
/** The members of a room do not all ask in the same moment. */
export const SPREAD_MS = 3_000;

export class Recount {
  /** The messages of which a count came a moment ago. */
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly read: (id: string) => void) {}

  /** Notes a count; after more than one the message is read when it is quiet again. */
  heard(id: string): void {
    const before = this.#timers.get(id);
    clearTimeout(before);
    const quiet = () => {
      this.#timers.delete(id);
      if (before) this.read(id);
    };
    this.#timers.set(id, setTimeout(quiet, CLOSE_MS + (before ? Math.random() * SPREAD_MS : 0)));
  }
}
