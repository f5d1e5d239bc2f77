/**
 * Files on their way into the next message: each travels straight to the store, is looked at there, and is then ready
 * to be sent. Loaded with the first file.
 */
import { call } from "./api.ts";
import { FetchStore } from "./fetchstore.ts";
import { LATER } from "./later.ts";
import { copy, the } from "./page.ts";
import { Lost } from "./refusal.ts";
import { size } from "./sizes.ts";
import { type Session, Upload } from "./upload.ts";
import type { Voice } from "./voice.ts";
import { say, WORDS } from "./words.ts";

const MOST = 10;
const MOST_BYTES = 100 * 1024 ** 2;
const NAME_LENGTH = 200;
const FIRST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 3_000;
const AGAIN_MS = 2_000;
/** What is attached does not outlive its page, so that no upload of an earlier one is gone on with. */
const FORGETFUL = { getItem: () => null, setItem: () => undefined, removeItem: () => undefined };

export interface Ready {
  id: string;
  name: string;
}

interface Seen {
  ready: boolean;
  fault: string | null;
}

interface Chip {
  name: string;
  row: HTMLElement;
  upload: Upload | null;
  id: string;
  ready: boolean;
  /** Whether it could be sent, once that is known. */
  sent: Promise<boolean>;
}

const NEVER = Promise.resolve(false);

export class Attaching {
  readonly #pick: HTMLInputElement;
  readonly #list: HTMLUListElement;
  readonly #field: HTMLTextAreaElement;
  #chips: Chip[] = [];
  /** Of the chips, those that are kept with the draft. */
  #kept = new Set<string>();
  /** What was taken off or sent here: late word of it brings it back no more. */
  readonly #gone = new Set<string>();
  /** Is told when other files than before are ready. */
  changed: () => void = () => undefined;
  #voice: Voice | null = null;

  constructor(
    private readonly form: HTMLFormElement,
    private readonly address: string,
    private readonly complain: (words: string) => void,
  ) {
    this.#pick = the("[id$=pick]", form);
    this.#list = the("ul.chips", form);
    this.#field = the("textarea", form);
    this.#listen();
    this.#picked();
  }

  #listen(): void {
    the("[id$=attach]", this.form).addEventListener("click", () => this.#pick.click());
    this.#pick.addEventListener("change", () => this.#picked());
    the("[id$=record]", this.form).addEventListener("click", () => void this.#speak());
    this.#field.addEventListener("paste", (event) => this.#pasted(event));
    for (const kind of ["dragover", "dragleave", "drop"] as const) {
      document.addEventListener(kind, (event) => this.#dragged(event));
    }
    window.addEventListener("online", () => {
      for (const chip of this.#chips) chip.upload?.resume();
    });
  }

  async #speak(): Promise<void> {
    const { Voice } = await import("./voice.ts");
    this.#voice ??= new Voice(this.form, { send: (file) => this.#sendAtOnce(file), complain: this.complain });
    await this.#voice.begin();
  }

  /** The message goes as soon as the file is ready, if that is all that it waits for. */
  async #sendAtOnce(file: File): Promise<void> {
    const chip = this.add([file])[0];
    if (chip && (await chip.sent) && this.#chips.includes(chip)) this.form.requestSubmit();
  }

  /** A picture among the words; what comes with words of its own is pasted as those. */
  #pasted(event: ClipboardEvent): void {
    const pasted = event.clipboardData;
    if (!pasted?.files.length || pasted.types.includes("text/plain")) return;
    event.preventDefault();
    this.add([...pasted.files]);
  }

  #dragged(event: DragEvent): void {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    // In a thread beside the room it is for the thread, anywhere else for the room.
    const talk = (event.target as Element).closest(".beside") ?? document.querySelector("main");
    if (talk !== this.form.closest(".talk")) return;
    this.form.classList.toggle("dropping", event.type === "dragover");
    if (event.type === "drop") this.add([...event.dataTransfer.files]);
  }

  #picked(): void {
    this.add([...(this.#pick.files ?? [])]);
    this.#pick.value = "";
  }

  add(files: readonly File[]): Chip[] {
    if (files.length) this.complain("");
    const added: Chip[] = [];
    for (const file of files) {
      const fault = this.#refused(file);
      if (fault) this.complain(fault);
      else added.push(this.#made(file));
    }
    if (added.length) this.#count();
    return added;
  }

  /** Files of a message that could not be posted, which are at the store still. */
  takeBack(files: readonly Ready[]): void {
    for (const file of files) this.#stored(file);
    this.#count();
    this.changed();
  }

  /** The ids of those that are ready. */
  standing(): string[] {
    return this.#chips.filter((chip) => chip.ready).map(({ id }) => id);
  }

  /** These are kept with the draft; of those that were, the others were sent or taken off at another device. */
  match(files: readonly Ready[]): void {
    const kept = new Set(files.map(({ id }) => id));
    this.#chips = this.#chips.filter(({ id }) => kept.has(id) || !this.#kept.has(id));
    const here = new Set(this.#chips.map(({ id }) => id));
    for (const file of files) if (!here.has(file.id) && !this.#gone.has(file.id)) this.#stored(file);
    this.#kept = kept;
    this.#count();
  }

  #stored({ id, name }: Ready): void {
    const chip = this.#chip(name);
    chip.id = id;
    chip.ready = true;
    chip.row.classList.add("done");
    this.#gone.delete(id);
  }

  /** What goes with the message, in order; null, and said so, while some is on its way or could not be sent. */
  ready(): Ready[] | null {
    if (!this.#chips.every((chip) => chip.ready)) {
      this.complain(LATER.notReady);
      return null;
    }
    return this.#chips.map(({ id, name }) => ({ id, name }));
  }

  /** The message took them. */
  sent(): void {
    for (const { id } of this.#chips) this.#gone.add(id);
    this.#chips = [];
    this.#count();
    this.changed();
  }

  #refused(file: File): string {
    if (this.#chips.length >= MOST) return say(LATER.tooMany, { count: MOST });
    if (!file.size) return say(LATER.empty, { name: file.name });
    if (file.size > MOST_BYTES) return say(LATER.tooLarge, { name: file.name, size: size(file.size) });
    return "";
  }

  #made(file: File): Chip {
    const chip = this.#chip(file.name);
    const upload = this.#upload(file, chip.row);
    chip.upload = upload;
    chip.sent = this.#send(chip, upload, size(file.size));
    return chip;
  }

  #chip(name: string): Chip {
    const row = copy("t-chip");
    const chip: Chip = { name, row, upload: null, id: "", ready: false, sent: NEVER };
    the("bdi", row).textContent = name;
    the("button", row).addEventListener("click", () => void this.#remove(chip));
    this.#chips.push(chip);
    return chip;
  }

  #upload(file: File, row: HTMLElement): Upload {
    const name = file.name.slice(-NAME_LENGTH);
    const asked = { name, size: file.size, content_type: file.type || "application/octet-stream" };
    return new Upload(file, {
      begin: () => heard(() => call<Session>("POST", this.address, asked)),
      store: new FetchStore(),
      memory: FORGETFUL,
      scope: this.address,
      progress: (sent, total) => {
        the<HTMLProgressElement>("progress", row).value = sent / total;
        said(row, size(total));
      },
      waiting: (ms) => {
        if (ms !== null) said(row, WORDS.waiting);
      },
    });
  }

  async #send(chip: Chip, upload: Upload, large: string): Promise<boolean> {
    try {
      chip.id = await upload.run();
      const found = await this.#lookedAt(chip);
      if (!found) return false;
      chip.ready = true;
      this.changed();
      said(chip.row, found.fault ? LATER.asFile : large);
      chip.row.classList.add("done");
    } catch (fault) {
      chip.row.classList.add("bad");
      said(chip.row, (fault as Error).message);
    }
    return chip.ready;
  }

  /** What the server found it to be; null when it was removed meanwhile. */
  async #lookedAt(chip: Chip): Promise<Seen | null> {
    const address = `${this.address}/${chip.id}`;
    let found = await heard(() => call<Seen>("POST", `${address}/complete`, {}));
    for (let pause = FIRST_LOOK_MS; !found.ready; pause = Math.min(pause * 1.5, LONGEST_LOOK_MS)) {
      said(chip.row, LATER.lookedAt);
      await sleep(pause);
      if (!this.#chips.includes(chip)) return null;
      found = await heard(() => call<Seen>("GET", address));
    }
    return found;
  }

  async #remove(chip: Chip): Promise<void> {
    chip.upload?.pause();
    this.#chips = this.#chips.filter((each) => each !== chip);
    this.#gone.add(chip.id);
    this.complain("");
    this.#count();
    this.changed();
    this.#field.focus();
    if (chip.id) await call("DELETE", `${this.address}/${chip.id}`).catch(() => undefined);
  }

  /** With files the words may be left out. */
  #count(): void {
    this.#list.replaceChildren(...this.#chips.map((chip) => chip.row));
    this.#list.hidden = !this.#chips.length;
    this.#field.required = !this.#chips.length;
  }
}

/** The answer, however often the network goes before it comes. */
async function heard<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (fault) {
      if (!(fault instanceof Lost)) throw fault;
      await sleep(AGAIN_MS);
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

function said(row: HTMLElement, words: string): void {
  the(".meta", row).textContent = words;
}
