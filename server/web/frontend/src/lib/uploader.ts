/** The upload part of a form: choose a film, see it travel, pause it, and find its id in the form's hidden field. */
import { call } from "./api.ts";
import { FetchStore } from "./fetchstore.ts";
import { LATER } from "./later.ts";
import { the } from "./page.ts";
import { size } from "./sizes.ts";
import { type Session, Upload } from "./upload.ts";
import { say } from "./words.ts";

/** Marks `root` (`data-uploads`: the channel's uploads address, `data-purpose`) as an uploader. */
export class Uploader {
  readonly #file: HTMLInputElement;
  readonly #bar: HTMLProgressElement;
  readonly #word: HTMLElement;
  readonly #pause: HTMLButtonElement;
  readonly #fault: HTMLElement;
  readonly #address: string;
  #upload: Upload | null = null;
  #paused = false;

  constructor(private readonly root: HTMLElement) {
    this.#file = the<HTMLInputElement>("input[type=file]", root);
    this.#bar = the<HTMLProgressElement>("progress", root);
    this.#word = the(".word", root);
    this.#pause = the<HTMLButtonElement>("[data-act=pause]", root);
    this.#fault = the(".error", root);
    this.#address = root.dataset.uploads ?? "";
    this.#file.addEventListener("change", () => void this.#chosen());
    this.#pause.addEventListener("click", () => this.#toggle());
    window.addEventListener("online", () => this.#paused || this.#upload?.resume());
    root.closest("form")?.addEventListener("submit", (event) => this.#hold(event));
  }

  async #chosen(): Promise<void> {
    const file = this.#file.files?.[0];
    if (!file) return;
    this.#begun();
    this.#upload = this.#made(file);
    try {
      const id = await this.#upload.run();
      const kept = await call<{ id: string }>("POST", `${this.#address}/${id}/complete`, {});
      this.#done(kept.id, file);
    } catch (fault) {
      this.#failed((fault as Error).message);
    }
  }

  #made(file: File): Upload {
    const { purpose = "lesson" } = this.root.dataset;
    const asked = { name: file.name, size: file.size, content_type: file.type || "application/octet-stream", purpose };
    return new Upload(file, {
      begin: () => call<Session>("POST", this.#address, asked),
      store: new FetchStore(),
      memory: localStorage,
      scope: this.#address,
      progress: (sent, total) => this.#told(sent, total),
      waiting: (ms) => this.#waiting(ms),
    });
  }

  #begun(): void {
    this.#paused = false;
    this.#fault.hidden = true;
    this.#file.disabled = true;
    this.#file.removeAttribute("aria-invalid");
    the(".going", this.root).hidden = false;
    this.root.dataset.state = "going";
  }

  #told(sent: number, total: number): void {
    this.#bar.max = total;
    this.#bar.value = sent;
    this.#word.textContent = say(LATER.part, { part: size(sent), whole: size(total) });
  }

  #waiting(ms: number | null): void {
    if (ms !== null) this.#word.textContent = LATER.paused;
  }

  #toggle(): void {
    this.#paused = !this.#paused;
    this.#pause.textContent = (this.#paused ? this.#pause.dataset.go : this.#pause.dataset.stop) ?? "";
    if (this.#paused) this.#upload?.pause();
    else this.#upload?.resume();
  }

  #done(id: string, file: File): void {
    the<HTMLInputElement>("input[type=hidden]", this.root).value = id;
    this.root.dataset.state = "done";
    this.#pause.hidden = true;
    this.#word.textContent = say(LATER.arrived, { name: file.name, size: size(file.size) });
  }

  #failed(message: string): void {
    this.root.dataset.state = "failed";
    the(".going", this.root).hidden = true;
    this.#file.disabled = false;
    this.#fault.hidden = false;
    the("span", this.#fault).textContent = message;
  }

  /** A form that is sent while its film still travels would lose it. */
  #hold(event: SubmitEvent): void {
    if (this.root.dataset.state !== "going") return;
    event.preventDefault();
    this.#fault.hidden = false;
    the("span", this.#fault).textContent = LATER.underWay;
  }
}
