/** The film: our controls over the native player, the bar of what was played, and the reason for the percentage. */
import { call } from "./api.ts";
import { BEAT_MS, Heartbeat } from "./heartbeat.ts";
import { gaps, type Interval, stamp, total, union } from "./intervals.ts";
import { the } from "./page.ts";
import { Renewal } from "./renewal.ts";
import { number } from "./words.ts";

export interface Progress {
  percent: number;
  /** Why the percentage is what it is, in one sentence. */
  sentence: string;
  done: boolean;
  /** Where the certificate of the finished course may be had. */
  certificate?: string | null;
}

export interface PlayerFacts {
  /** `…/lessons/{id}/progress` */
  report: string;
  played: Interval[];
  position: number;
  /** Seconds, as the server knows them; the film's own length replaces it once known. */
  duration: number;
}

const RATES = [1, 1.25, 1.5, 1.75, 2, 0.75];
const WIDTH = 1000;
const SVG = "http://www.w3.org/2000/svg";

export class Player {
  readonly #film: HTMLVideoElement;
  readonly #heart: Heartbeat;
  readonly #renewal: Renewal;
  readonly #scrub: HTMLElement;
  #played: Interval[];

  constructor(
    private readonly root: HTMLElement,
    private readonly facts: PlayerFacts,
    private readonly progressed: (progress: Progress) => void,
  ) {
    this.#film = the<HTMLVideoElement>("video", root);
    this.#renewal = new Renewal(this.#film, the<HTMLSourceElement>("source", root).src, () => this.#broken());
    this.#scrub = the(".scrub", root);
    this.#played = union(facts.played, []);
    this.#heart = new Heartbeat((intervals, position, leaving) => this.#report(intervals, position, leaving));
    this.#film.controls = false;
    the(".controls", root).hidden = false;
    this.#follow();
    this.#steer();
    this.#resume();
    this.draw();
  }

  get played(): readonly Interval[] {
    return this.#played;
  }

  get duration(): number {
    return Number.isFinite(this.#film.duration) ? this.#film.duration : this.facts.duration;
  }

  /** Goes to a second and plays from there. */
  playFrom(second: number): void {
    this.#renewal.seek(second);
    void this.#film.play();
    this.root.scrollIntoView({ block: "nearest" });
  }

  /** Plays the first part that has never been played. */
  playMissing(): void {
    this.playFrom(gaps(this.#played, this.duration)[0]?.[0] ?? 0);
  }

  #follow(): void {
    const film = this.#film;
    film.addEventListener("playing", () => this.#heart.started(film.currentTime, film.playbackRate));
    film.addEventListener("ratechange", () => film.paused || this.#heart.started(film.currentTime, film.playbackRate));
    film.addEventListener("timeupdate", () => this.#moved());
    film.addEventListener("seeking", () => this.#heart.sought(film.currentTime));
    film.addEventListener("waiting", () => this.#heart.stopped(film.currentTime));
    film.addEventListener("seeked", () => film.paused || this.#heart.started(film.currentTime, film.playbackRate));
    film.addEventListener("pause", () => this.#rest());
    film.addEventListener("loadedmetadata", () => this.draw());
    film.addEventListener("error", () => this.#heart.stopped(this.#renewal.at));
    setInterval(() => void this.#beat(), BEAT_MS);
    document.addEventListener("visibilitychange", () => document.hidden && void this.#beat(true));
    window.addEventListener("pagehide", () => void this.#beat(true));
  }

  #moved(): void {
    this.#heart.moved(this.#film.currentTime);
    this.draw();
  }

  #rest(): void {
    this.#heart.stopped(this.#film.currentTime);
    void this.#beat();
    this.draw();
  }

  #beat(leaving = false): Promise<void> {
    return this.#heart.beat(this.#renewal.at, leaving);
  }

  /** `keepalive` lets the last report outlive the page. */
  async #report(intervals: Interval[], position: number, leaving: boolean): Promise<void> {
    const body = {
      intervals: intervals.map(([from, to]) => [rounded(from), rounded(to)]),
      position: rounded(position),
    };
    const progress = await call<Progress>("POST", this.facts.report, body, { keepalive: leaving });
    this.#played = union(this.#played, intervals);
    this.draw();
    this.progressed(progress);
  }

  #resume(): void {
    const { position, duration } = this.facts;
    if (position > 0 && position < duration - 5) this.#film.currentTime = position;
  }

  #broken(): void {
    the(".fault", this.root).hidden = false;
    the(".controls", this.root).hidden = true;
  }

  #steer(): void {
    this.root.addEventListener("click", (event) => {
      const act = (event.target as Element).closest<HTMLElement>("[data-act]")?.dataset.act;
      if (act) this.#act(act);
      else if (event.target === this.#film) this.#act("play");
    });
    this.#scrub.addEventListener("pointerdown", (event) => this.#pointed(event));
    this.#scrub.addEventListener("pointermove", (event) => event.buttons && this.#pointed(event));
    this.root.addEventListener("keydown", (event) => this.#key(event));
  }

  #act(act: string): void {
    const film = this.#film;
    const acts: Record<string, () => unknown> = {
      play: () => (film.paused ? film.play() : film.pause()),
      back: () => this.#seek(this.#renewal.at - 10),
      rate: () => this.#faster(),
      captions: () => this.#captions(),
      pip: () => (document.pictureInPictureElement ? document.exitPictureInPicture() : film.requestPictureInPicture()),
      full: () => (document.fullscreenElement ? document.exitFullscreen() : this.root.requestFullscreen()),
      mute: () => {
        film.muted = !film.muted;
      },
    };
    acts[act]?.();
  }

  #key(event: KeyboardEvent): void {
    const keys: Record<string, () => void> = {
      " ": () => this.#act("play"),
      k: () => this.#act("play"),
      ArrowLeft: () => this.#seek(this.#renewal.at - 5),
      ArrowRight: () => this.#seek(this.#renewal.at + 5),
      j: () => this.#seek(this.#renewal.at - 10),
      l: () => this.#seek(this.#renewal.at + 10),
      Home: () => this.#seek(0),
      End: () => this.#seek(this.duration),
      f: () => this.#act("full"),
      c: () => this.#act("captions"),
      m: () => this.#act("mute"),
    };
    const does = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (!does || (event.key === " " && (event.target as Element).closest("button"))) return;
    event.preventDefault();
    does();
  }

  #seek(second: number): void {
    this.#renewal.seek(Math.min(Math.max(second, 0), this.duration));
    this.draw();
  }

  /** The film's time runs from left to right in every script. */
  #pointed(event: PointerEvent): void {
    const { left, width } = this.#scrub.getBoundingClientRect();
    this.#seek(((event.clientX - left) / width) * this.duration);
  }

  #faster(): void {
    const next = RATES[(RATES.indexOf(this.#film.playbackRate) + 1) % RATES.length] ?? 1;
    this.#film.playbackRate = next;
    the(".rate", this.root).textContent = `${number(next)}×`;
  }

  #captions(): void {
    const track = this.#film.textTracks[0];
    if (!track) return;
    track.mode = track.mode === "showing" ? "hidden" : "showing";
    the("[data-act=captions]", this.root).ariaPressed = String(track.mode === "showing");
  }

  /** Brings bar, clock and button to the film's present state. */
  draw(): void {
    const [at, length] = [this.#renewal.at, this.duration || 1];
    const x = (second: number) => ((second / length) * WIDTH).toFixed(1);
    const bars = this.#played.map(([from, to]) => {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", `M${x(from)} 4H${x(Math.min(to, length))}v8H${x(from)}z`);
      return path;
    });
    the(".sw", this.#scrub).replaceChildren(...bars);
    the(".hd", this.#scrub).setAttribute("d", `M${x(at)} 0h5v16h-5z`);
    this.#scrub.ariaValueNow = String(Math.floor(at));
    this.#scrub.ariaValueMax = String(Math.floor(length));
    this.#scrub.ariaValueText = `${stamp(at)} / ${stamp(length)}`;
    the(".tc b", this.root).textContent = stamp(at);
    the(".tc span", this.root).textContent = `/ ${stamp(length)}`;
    this.root.dataset.playing = String(!this.#film.paused);
    this.root.dataset.played = total(this.#played).toFixed(0);
  }
}

function rounded(second: number): number {
  return Math.round(second * 100) / 100;
}
