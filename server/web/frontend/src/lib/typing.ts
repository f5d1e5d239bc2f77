/** Who is typing: ours at most once in 3 s, theirs forgotten 6 s after the last word of it. */

export const TELL_EVERY_MS = 3_000;
export const FORGET_MS = 6_000;
/** What comes so shortly after a message is about that message: an event may overtake it. */
export const LATE_MS = 1_500;

export class Typing {
  /** Who is typing, once that can be said: names, and how many more. */
  static sentence?: (names: string[], more: number) => string;
  #told = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #others: string[] = [];
  readonly #spoke: Record<string, number> = {};

  constructor(
    private readonly me: string,
    private readonly tell: () => void,
    private readonly show: (line: string) => void,
  ) {}

  /** A key was pressed in a composer that holds words. */
  pressed(): void {
    const now = Date.now();
    if (now - this.#told < TELL_EVERY_MS) return;
    this.#told = now;
    this.tell();
  }

  /** The message is out: the next key press tells anew. */
  sent(): void {
    this.#told = Number.NEGATIVE_INFINITY;
  }

  /** The frame is the same for every member, so our own name is in it too; it is taken out once. */
  heard(names: string[], more: number): void {
    const own = names.indexOf(this.me);
    const others = own < 0 ? names : names.toSpliced(own, 1);
    this.#others = others.filter((name) => !(Date.now() - (this.#spoke[name] as number) < LATE_MS));
    clearTimeout(this.#timer);
    this.show(Typing.sentence?.(this.#others, more) ?? "");
    this.#timer = setTimeout(() => this.show(""), FORGET_MS);
  }

  /** Whose message is here is not typing it any more. */
  spoke(name: string): void {
    this.#spoke[name] = Date.now();
    if (this.#others.includes(name))
      this.heard(
        this.#others.filter((other) => other !== name),
        0,
      );
  }
}
