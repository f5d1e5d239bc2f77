/** Which words of a message are the last ones: an edit or a deletion may come late, twice, or before its message. */
import type { Message } from "./message.ts";

const EMPTY = { body: "", html: "", files: [] };

export class Versions {
  readonly #edited = new Map<string, Message>();
  readonly #gone = new Set<string>();
  readonly #hidden = new Set<string>();
  readonly #heard = new Set<string>();

  /** The message as it was last heard of: what is given, or newer words that came before it. */
  latest(message: Message): Message {
    const known = this.#edited.get(message.id);
    const latest = known && since(known) > since(message) ? known : message;
    if (latest.edited_at) this.#edited.set(message.id, latest);
    if (latest.deleted) this.#gone.add(message.id);
    if (this.#hidden.has(message.id)) return { ...latest, ...EMPTY, hidden: true };
    return this.#gone.has(message.id) ? { ...latest, ...EMPTY, deleted: true } : latest;
  }

  /** Something of the message changed just now: what is being read of it may be older. */
  heard(id: string): void {
    this.#heard.add(id);
  }

  /** A message as it was read, which is read again as long as it changes meanwhile. */
  async settled(id: string, read: (id: string) => Promise<Message>, given?: Message): Promise<Message> {
    let message = given;
    while (this.#heard.delete(id) || !message) message = await read(id);
    return message;
  }

  /** The message was deleted: no words come back, unless they are given back. */
  deleted(id: string): void {
    this.#gone.add(id);
  }

  /** The message was hidden: the same. */
  hidden(id: string): void {
    this.#hidden.add(id);
  }

  /** From here on we hear all again, and may have missed what was given back: what is read now is the truth. */
  renewed(): void {
    this.#gone.clear();
    this.#hidden.clear();
    this.#heard.clear();
  }

  /** What was taken away was given back, whole; older words that come late say nothing any more. */
  restored(message: Message): Message {
    this.#gone.delete(message.id);
    this.#hidden.delete(message.id);
    this.#edited.delete(message.id);
    return this.latest(message);
  }
}

function since(message: Message): number {
  return message.edited_at ? Date.parse(message.edited_at) : 0;
}
