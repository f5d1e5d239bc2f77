/**
 * A voice note: recorded here, heard before it goes if one likes, and sent as a file like any other. Loaded when the
 * first is recorded. Listening goes by Web Audio, for pages play nothing from addresses that they made themselves.
 */
import { LATER } from "./later.ts";
import { the } from "./page.ts";
import { length } from "./sizes.ts";

const LONGEST_SECONDS = 300;
const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const ENDINGS: Record<string, string> = { "audio/webm": "webm", "audio/mp4": "m4a", "audio/ogg": "ogg" };

type State = "still" | "recording" | "recorded";

export interface VoiceHooks {
  /** Sends the note with whatever else is in the message. */
  send(file: File): Promise<void>;
  complain(words: string): void;
}

export class Voice {
  readonly #panel: HTMLElement;
  readonly #level: HTMLProgressElement;
  readonly #time: HTMLElement;
  #state: State = "still";
  #recorder: MediaRecorder | null = null;
  #sound: AudioContext | null = null;
  #playing: AudioBufferSourceNode | null = null;
  #note: Blob | null = null;
  #began = 0;

  constructor(
    private readonly form: HTMLFormElement,
    private readonly hooks: VoiceHooks,
  ) {
    this.#panel = the(".voice", form);
    this.#level = the("progress", this.#panel);
    this.#time = the(".num", this.#panel);
    this.#panel.addEventListener("click", (event) => this.#pressed(event));
    this.#panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.#discard();
    });
  }

  /** Records, once the reader lets us, until it is stopped or five minutes are over. */
  async begin(): Promise<void> {
    if (this.#state !== "still") return;
    this.hooks.complain("");
    const kind = KINDS.find((each) => globalThis.MediaRecorder?.isTypeSupported(each));
    if (!kind || !navigator.mediaDevices) return this.hooks.complain(LATER.noSound);
    const heard = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => null);
    if (!heard) return this.hooks.complain(LATER.noMicrophone);
    this.#record(heard, kind);
  }

  #record(heard: MediaStream, kind: string): void {
    const parts: Blob[] = [];
    const recorder = new MediaRecorder(heard, { mimeType: kind });
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => {
      for (const track of heard.getTracks()) track.stop();
      // What was discarded while it was recorded is nothing any more.
      if (this.#recorder !== recorder) return;
      this.#note = new Blob(parts, { type: kind.split(";")[0] ?? kind });
      this.#show("recorded");
    });
    this.#recorder = recorder;
    this.#began = performance.now();
    recorder.start();
    this.#show("recording");
    this.#measure(heard);
  }

  /** Shows how loud it is and how long it has gone on. */
  #measure(heard: MediaStream): void {
    this.#sound = new AudioContext();
    const analyser = this.#sound.createAnalyser();
    this.#sound.createMediaStreamSource(heard).connect(analyser);
    const wave = new Float32Array(analyser.fftSize);
    const look = () => {
      if (this.#recorder?.state !== "recording") return;
      analyser.getFloatTimeDomainData(wave);
      const power = wave.reduce((sum, each) => sum + each * each, 0) / wave.length;
      this.#level.value = Math.min(1, Math.sqrt(power) * 4);
      this.#time.textContent = `${length(this.#seconds)} / ${length(LONGEST_SECONDS)}`;
      if (this.#seconds >= LONGEST_SECONDS) this.#stop();
      else requestAnimationFrame(look);
    };
    look();
  }

  get #seconds(): number {
    return (performance.now() - this.#began) / 1_000;
  }

  #pressed(event: Event): void {
    const pressed = (event.target as Element).closest<HTMLElement>("[data-voice]")?.dataset.voice;
    if (pressed === "stop") this.#stop();
    if (pressed === "listen") void this.#listen();
    if (pressed === "send") void this.#send();
    if (pressed === "discard") this.#discard();
  }

  #stop(): void {
    this.#time.textContent = length(this.#seconds);
    if (this.#recorder?.state === "recording") this.#recorder.stop();
  }

  /** From its beginning; pressed again, it is silent. */
  async #listen(): Promise<void> {
    if (this.#hush() || !this.#note || !this.#sound) return;
    const source = this.#sound.createBufferSource();
    source.buffer = await this.#sound.decodeAudioData(await this.#note.arrayBuffer());
    source.connect(this.#sound.destination);
    source.addEventListener("ended", () => this.#hush());
    this.#playing = source;
    this.#panel.dataset.playing = "";
    source.start();
  }

  #hush(): boolean {
    const playing = this.#playing;
    this.#playing = null;
    delete this.#panel.dataset.playing;
    playing?.stop();
    return playing !== null;
  }

  async #send(): Promise<void> {
    if (!this.#note || this.#state !== "recorded") return;
    const { type } = this.#note;
    const name = `${LATER.note} ${new Date().toISOString().slice(0, 16).replace("T", " ").replace(":", "-")}`;
    const file = new File([this.#note], `${name}.${ENDINGS[type] ?? "webm"}`, { type });
    this.#discard();
    await this.hooks.send(file);
  }

  #discard(): void {
    const recorder = this.#recorder;
    this.#recorder = null;
    if (recorder?.state === "recording") recorder.stop();
    this.#hush();
    void this.#sound?.close();
    this.#sound = this.#note = null;
    this.#show("still");
  }

  #show(state: State): void {
    this.#state = state;
    this.#panel.dataset.state = state;
    this.#panel.hidden = state === "still";
    if (state === "still") the("textarea", this.form).focus();
    else the(`[data-voice=${state === "recording" ? "stop" : "listen"}]`, this.#panel).focus();
  }
}
