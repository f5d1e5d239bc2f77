/**
 * A film's signed address lives for minutes. When it has expired, the stable one is asked again, which is answered with
 * a fresh one to those who may still see the film, and the film goes on at the same second.
 */

/** How long to wait before each try in a row; after the last one it is hopeless. */
const PAUSES_MS = [0, 2_000, 8_000];
const DECODE = 3;

/** What is used of the native player. */
export type Reel = Pick<
  HTMLVideoElement,
  "currentTime" | "playbackRate" | "src" | "error" | "play" | "addEventListener"
>;

export class Renewal {
  #second: number | null = null;
  #rate = 1;
  #playing = false;
  #tries = 0;

  constructor(
    private readonly film: Reel,
    private readonly stable: string,
    private readonly hopeless: () => void,
  ) {
    film.addEventListener("error", () => this.#failed());
    film.addEventListener("loadedmetadata", () => this.#loaded());
    // A player that has failed calls itself paused: what its viewer wants is what they last did.
    film.addEventListener("play", () => {
      this.#playing = true;
    });
    film.addEventListener("pause", () => {
      this.#playing = film.error !== null && this.#playing;
    });
    film.addEventListener("canplay", () => {
      this.#tries = 0;
    });
  }

  /** Where the film is, also while it is being asked for again. */
  get at(): number {
    return this.#second ?? this.film.currentTime;
  }

  /** Moves the film to a second, at once or when it is there again. */
  seek(second: number): void {
    if (this.#second === null) this.film.currentTime = second;
    else this.#second = second;
  }

  #failed(): void {
    const pause = PAUSES_MS[this.#tries];
    if (this.film.error?.code === DECODE || pause === undefined) {
      this.hopeless();
      return;
    }
    this.#tries += 1;
    if (this.#second === null) {
      this.#second = this.film.currentTime;
      this.#rate = this.film.playbackRate;
    }
    setTimeout(() => {
      this.film.src = this.stable;
    }, pause);
  }

  #loaded(): void {
    if (this.#second === null) return;
    this.film.currentTime = this.#second;
    this.film.playbackRate = this.#rate;
    this.#second = null;
    if (this.#playing) this.film.play().catch(() => undefined);
  }
}
