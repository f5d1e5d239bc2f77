/** What the far side refused, or what never came back. */
import type { Message } from "./message.ts";

/** The server understood and said no; `passing` faults are worth another try with the same words. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryAfter: number | null = null,
    /** The message as it stands, when other words than ours were there first. */
    readonly present: Message | null = null,
  ) {
    super(message);
  }

  get passing(): boolean {
    return this.code === "too_fast" || this.code === "unavailable" || this.code === "internal";
  }
}

/** No answer: whether the far side acted is unknown, so only an idempotent request may be repeated. */
export class Lost extends Error {}
