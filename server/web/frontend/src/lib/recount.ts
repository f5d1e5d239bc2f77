/** Counts of reactions carry no version, so two that overtake each other leave the older: then the message is read. */
import type { Message } from "./message.ts";

/** Counts that come closer together than this may have overtaken each other. */
export const CLOSE_MS = 2_000;
/** The members of a room do not all ask in the same moment. */
export const SPREAD_MS = 3_000;

export interface RecountHooks {
  read(id: string): Promise<Message>;
  counted(message: Message): void;
}

export class Recount {
  /** How many counts came of a message since it was last quiet. */
  readonly #heard = new Map<string, number>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly hooks: RecountHooks) {}

  /** Notes a count; after more than one the message is read when it is quiet again. */
  heard(id: string): void {
    const times = (this.#heard.get(id) ?? 0) + 1;
    this.#heard.set(id, times);
    clearTimeout(this.#timers.get(id));
    const pause = CLOSE_MS + (times > 1 ? Math.random() * SPREAD_MS : 0);
    this.#timers.set(
      id,
      setTimeout(() => void this.#quiet(id, times), pause),
    );
  }

  async #quiet(id: string, times: number): Promise<void> {
    const message = times > 1 ? await this.hooks.read(id).catch(() => null) : null;
    if (this.#heard.get(id) !== times) return;
    this.#heard.delete(id);
    this.#timers.delete(id);
    if (message) this.hooks.counted(message);
  }
}
