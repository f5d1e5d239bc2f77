/**
 * What one has begun to write in one place, the same on all of one's devices: the last writer wins, and what another
 * device wrote never takes the place of words that are being written here; it is offered beside them.
 */
import { Lost, Refused } from "./refusal.ts";

export const IDLE_MS = 1_000;
const AGAIN_MS = 5_000;

export interface Draft {
  body: string;
  /** 0 where nothing stands. */
  version: number;
  /** What was uploaded for it, which stands without words too. */
  files?: readonly unknown[];
}

/** The field that one writes in, by the words as messages keep them. */
export interface Field {
  words(): string;
  put(words: string): void;
  /** The server has these words: nothing of them need be kept on this device. */
  kept(words: string): void;
  focused(): boolean;
  /** Shows words that may take the place of those in the field; null: there are none. */
  offer(words: string | null): void;
}

/** The server, as far as one place goes. */
export interface Keeper {
  read(): Promise<Draft>;
  /** The version that stands from now on; `Refused` as `draft_changed` when another than `version` stood there. */
  put(body: string, version: number, leaving: boolean): Promise<number>;
}

export class Unsent {
  #base = 0;
  /** The highest version that was heard of. */
  #heard = 0;
  #known = false;
  #touched = false;
  /** The words in the field were written here, and did not come into it. */
  #own = false;
  #sending: string | null = null;
  #offered: string | null = null;
  /** What another device wrote while the field had the focus, and nothing that was written here stood in it. */
  #theirs: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly keeper: Keeper,
    private readonly field: Field,
  ) {}

  /**
   * What the server has; `own` when the words in the field were written here and the server has not got them yet.
   * `stray` are others that it never got: they are offered, as is what it has where ours stay, unless ours are what it
   * has, gone on with (`onward`).
   */
  begin({ body, version }: Draft, own: boolean, stray = "", onward = false): void {
    const ours = own && !same(this.field.words(), body);
    this.#known = true;
    this.#base = this.#heard = version;
    if (ours) this.wrote();
    else this.#fill(body);
    const given = onward ? "" : body;
    const other = ours ? given : stray;
    if (other.trim() && !same(other, this.field.words())) this.#offer(other);
  }

  /** The version that the words in the field go on from. */
  get base(): number {
    return this.#base;
  }

  /** The reader has changed the words. */
  wrote(): void {
    this.#touched = this.#own = true;
    this.#theirs = null;
    this.#soon(IDLE_MS);
  }

  /** The words were sent, or their page is left: what is to be kept is kept now. */
  flush(leaving = false): void {
    if (this.#touched && leaving) void this.#put(this.field.words(), true).catch(() => undefined);
    else if (this.#touched) void this.save();
  }

  /** The field is left: what another device wrote meanwhile comes into it, if nothing was written here. */
  left(): void {
    if (this.#touched || this.#theirs === null) return;
    this.#fill(this.#theirs);
    this.#offer(null);
  }

  /** Puts the offered words in the field; those that stood there are offered instead. */
  take(): void {
    const offered = this.#offered;
    if (offered === null) return;
    const words = this.field.words();
    this.#fill(offered);
    this.#offer(words.trim() ? words : null);
    this.wrote();
  }

  /** Some device of ours has changed it; this one may be that. */
  heard({ body, version, files = [] }: Draft): void {
    if (!this.#known || version <= this.#heard) return;
    this.#heard = version;
    const words = this.field.words();
    this.#base = body || files.length ? version : 0;
    if (same(body, words) || (this.#sending !== null && same(body, this.#sending))) return;
    this.#meet(body);
  }

  /** Asks what stands there, after a time in which nothing could be heard. */
  async renew(): Promise<void> {
    if (this.#touched) return this.save();
    const found = await this.keeper.read().catch(() => null);
    if (!found || !this.#known || found.version === this.#base) return;
    this.#base = found.version;
    this.#heard = Math.max(this.#heard, found.version);
    if (!same(found.body, this.field.words())) this.#meet(found.body);
  }

  async save(): Promise<void> {
    clearTimeout(this.#timer);
    if (!this.#known || this.#sending !== null || !this.#touched) return;
    const words = this.field.words();
    this.#touched = false;
    this.#sending = words;
    try {
      this.#base = await this.#put(words, false);
      this.#heard = Math.max(this.#heard, this.#base);
      this.field.kept(words);
    } catch (fault) {
      this.#touched = true;
      await this.#failed(fault, words);
    } finally {
      this.#sending = null;
    }
    // What was sent is gone at once; what is being written may wait.
    if (this.#touched) this.#soon(this.field.words().trim() ? IDLE_MS : 0);
  }

  #put(words: string, leaving: boolean): Promise<number> {
    return this.keeper.put(words.trim() ? words : "", this.#base, leaving);
  }

  async #failed(fault: unknown, words: string): Promise<void> {
    if (fault instanceof Refused && fault.code === "draft_changed") {
      const found = await this.keeper.read().catch(() => null);
      if (found) {
        this.#base = found.version;
        this.#heard = Math.max(this.#heard, found.version);
        // Nothing stands here that could be lost: theirs comes into the field.
        if (!words.trim() && !this.field.words().trim()) {
          this.#touched = false;
          this.#fill(found.body);
        } else if (found.body.trim() && !same(found.body, words)) this.#offer(found.body);
      }
    } else if (fault instanceof Lost || (fault instanceof Refused && fault.passing)) {
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    } else this.#touched = false;
  }

  /** Others' words come into a field that was not touched; a field with the focus keeps its own, and is offered them. */
  #meet(body: string): void {
    const words = this.field.words();
    if (!this.#touched && (!this.field.focused() || !words.trim() || !body)) {
      this.#fill(body);
      this.#offer(null);
    } else {
      this.#offer(body.trim() ? body : null);
      this.#theirs = this.#own ? null : this.#offered;
    }
  }

  #fill(words: string): void {
    this.#own = false;
    this.field.put(words);
  }

  #offer(words: string | null): void {
    this.#offered = words;
    this.#theirs = null;
    this.field.offer(words);
  }

  #soon(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), ms);
  }
}

/** The server takes line ends from both sides, and one kind of them. */
function same(one: string, other: string): boolean {
  return bare(one) === bare(other);
}

function bare(words: string): string {
  const text = words.replace(/\r\n?/g, "\n").replace(/^\n+|\n+$/g, "");
  return text.trim() ? text : "";
}
