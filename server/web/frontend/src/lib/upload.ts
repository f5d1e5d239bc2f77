/**
 * A file from the browser straight into the store, over a signed session of the resumable protocol of Google Cloud
 * Storage (cloud.google.com/storage/docs/resumable-uploads), which the embedded store speaks too.
 */
import { LATER } from "./later.ts";
import { Lost, Refused } from "./refusal.ts";
import { say } from "./words.ts";

/** Every chunk but the last is a multiple of this. */
export const UNIT = 256 * 1024;
const CHUNK_UNITS = 8;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const KEPT = "guildhall.upload.";

export interface Session {
  id: string;
  session_url: string;
}

/** One request to the store: `range` as in Content-Range; the answer says how many bytes it holds. */
export interface Store {
  put(url: string, body: Blob | null, range: string, signal: AbortSignal): Promise<StoreAnswer>;
}

export interface StoreAnswer {
  status: number;
  /** The `Range` header, `bytes=0-N`. */
  range: string | null;
}

export interface UploadOptions {
  /** Asks for a new session: `POST …/uploads`. */
  begin(): Promise<Session>;
  store: Store;
  memory: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  /** How many units one request carries. */
  units?: number;
  /** The channel, so that two channels never share a session. */
  scope: string;
  progress(sent: number, total: number): void;
  /** Waiting for the network, and for how long; null when going again. */
  waiting(ms: number | null): void;
}

/** The session is gone at the store; a new one begins from the first byte. */
class Expired extends Error {}

export class Upload {
  #abort: AbortController | null = null;
  #wake: (() => void) | null = null;
  #paused = false;

  constructor(
    private readonly file: File,
    private readonly options: UploadOptions,
  ) {}

  /** Sends every byte and resolves with the upload's id; pauses and faults only make it take longer. */
  async run(): Promise<string> {
    for (;;) {
      const session = await this.#session();
      try {
        await this.#fill(session.session_url);
        this.options.memory.removeItem(this.#key);
        return session.id;
      } catch (fault) {
        if (!(fault instanceof Expired)) throw fault;
        this.options.memory.removeItem(this.#key);
      }
    }
  }

  pause(): void {
    this.#paused = true;
    this.#abort?.abort();
  }

  resume(): void {
    this.#paused = false;
    this.#wake?.();
  }

  get #key(): string {
    const { name, size, lastModified } = this.file;
    return `${KEPT}${this.options.scope}/${name}/${size}/${lastModified}`;
  }

  /** The session of an earlier page for the same file, else a new one. */
  async #session(): Promise<Session> {
    const kept = this.options.memory.getItem(this.#key);
    if (kept) return JSON.parse(kept) as Session;
    const session = await this.options.begin();
    this.options.memory.setItem(this.#key, JSON.stringify(session));
    return session;
  }

  async #fill(url: string): Promise<void> {
    let sent: number | null = null;
    let pause = FIRST_PAUSE_MS;
    while (sent !== this.file.size) {
      if (this.#paused) await this.#rest(null);
      try {
        sent = sent === null ? await this.#ask(url) : await this.#send(url, sent);
        this.options.progress(sent, this.file.size);
        pause = FIRST_PAUSE_MS;
      } catch (fault) {
        if (!(fault instanceof Lost)) throw fault;
        sent = null;
        if (!this.#paused) await this.#rest(pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** How many bytes the store holds; the only truth after any doubt. */
  #ask(url: string): Promise<number> {
    return this.#put(url, null, `bytes */${this.file.size}`);
  }

  #send(url: string, from: number): Promise<number> {
    const to = Math.min(from + (this.options.units ?? CHUNK_UNITS) * UNIT, this.file.size);
    return this.#put(url, this.file.slice(from, to), `bytes ${from}-${to - 1}/${this.file.size}`);
  }

  async #put(url: string, body: Blob | null, range: string): Promise<number> {
    this.#abort = new AbortController();
    const answer = await this.options.store.put(url, body, range, this.#abort.signal);
    if (answer.status === 200 || answer.status === 201) return this.file.size;
    if (answer.status === 308) return held(answer.range);
    // 499: the session was cancelled, in Google's words.
    if ([404, 410, 499].includes(answer.status)) throw new Expired();
    if (answer.status === 408 || answer.status === 429 || answer.status >= 500) throw new Lost(url);
    throw new Refused("upload_refused", say(LATER.refused, { status: answer.status }));
  }

  async #rest(ms: number | null): Promise<void> {
    this.options.waiting(ms);
    await new Promise<void>((done) => {
      const timer = ms === null ? undefined : setTimeout(done, ms);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
    });
    this.#wake = null;
    this.options.waiting(null);
  }
}

/** `bytes=0-1048575` → 1048576; no header means nothing is held. */
function held(range: string | null): number {
  const last = /^bytes=0-(\d+)$/.exec(range ?? "")?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}
