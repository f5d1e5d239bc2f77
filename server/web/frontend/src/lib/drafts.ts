/** What one has begun to write, on the page: in the field of the room, of a thread beside it, and as a mark at the side. */
import { call } from "./api.ts";
import type { Ready } from "./attaching.ts";
import { DraftFiles } from "./draftfiles.ts";
import { settle } from "./hushed.ts";
import type { Names } from "./names.ts";
import { the } from "./page.ts";
import type { Files } from "./touch.ts";
import { type Draft, type Field, type Keeper, Unsent } from "./unsent.ts";
import type { Transport } from "./wire.ts";

interface Changed extends Draft {
  room: string;
  reply_to: string | null;
  files: Ready[];
  /** How many are left in the room. */
  left: number;
}

interface Found extends Draft {
  files: Ready[];
}

interface Kept {
  place: string;
  unsent: Unsent;
  bring(files: readonly Ready[]): void;
}

interface Reader extends Keeper {
  read(): Promise<Found>;
}

interface Parts {
  api: string;
  facts: { room: string };
  names: Names;
  transport: Transport;
}

const MARK = /<@([0-9a-f-]{36})>/g;

export class Drafts {
  readonly #kept = new Map<HTMLElement, Kept>();

  constructor(private readonly parts: Parts) {
    const { transport } = parts;
    transport.on("draft.changed", (change: Changed) => this.#heard(change));
    transport.onLink((link) => {
      if (link.state === "online") for (const { unsent } of this.#kept.values()) void unsent.renew();
    });
    addEventListener("pagehide", () => this.#leaving());
    document.addEventListener("visibilitychange", () => document.hidden && this.#leaving());
  }

  /** Keeps what is written in the composer of a talk: the room's, or that of a thread. */
  keep(talk: HTMLElement, root: string | null, files: Files): void {
    const form = the<HTMLFormElement>("form.composer", talk);
    const place = root ?? this.parts.facts.room;
    const field = new Words(form, this.parts.names, `guildhall.draft.${place}`);
    const own = new DraftFiles(files, () => unsent.wrote());
    const bring = (given: readonly Ready[]) => own.bring(given, () => settle(form));
    const keeper = this.#keeper(root, () => own.ids(), bring);
    const unsent: Unsent = new Unsent(keeper, field);
    this.#kept.set(talk, { place, unsent, bring });
    field.area.addEventListener("input", () => {
      unsent.wrote();
      field.note(unsent.base);
    });
    field.area.addEventListener("blur", () => unsent.left());
    // The composer has taken the words by then.
    form.addEventListener("submit", () => {
      unsent.wrote();
      unsent.flush();
    });
    the("button", field.other).addEventListener("click", () => unsent.take());
    const drawn = form.dataset.version;
    if (drawn !== undefined) begin(unsent, field, { body: field.area.defaultValue, version: Number(drawn) });
    if (drawn !== undefined && form.dataset.files === undefined) {
      bring([]);
      return;
    }
    void keeper.read().then(
      (found) => {
        if (drawn === undefined) begin(unsent, field, found);
        // Its files are not there any more: nothing is left of it.
        if (found.version && !found.body && !found.files.length) unsent.wrote();
      },
      () => drawn === undefined && begin(unsent, field, { body: "", version: 0 }),
    );
  }

  /** A talk is shown no more: what was written there is kept at once. */
  leave(talk: HTMLElement): void {
    this.#kept.get(talk)?.unsent.flush(true);
    this.#kept.delete(talk);
  }

  #keeper(root: string | null, files: () => string[] | undefined, bring: Kept["bring"]): Reader {
    const { api, facts } = this.parts;
    const address = `${api}/rooms/${facts.room}/draft`;
    return {
      read: async () => {
        const found = await call<Found>("GET", root ? `${address}?reply_to=${root}` : address);
        bring(found.files);
        return found;
      },
      put: async (body, version, leaving) => {
        const given = { body, reply_to: root, version, files: files() };
        return (await call<{ version: number }>("PUT", address, given, { keepalive: leaving })).version;
      },
    };
  }

  #heard(change: Changed): void {
    const mark = document.querySelector<HTMLElement>(`.side [data-room="${CSS.escape(change.room)}"] .drafted`);
    if (mark) mark.hidden = !change.left;
    const place = change.reply_to ?? change.room;
    for (const kept of this.#kept.values()) {
      if (kept.place !== place) continue;
      kept.unsent.heard(change);
      kept.bring(change.files);
    }
  }

  #leaving(): void {
    for (const { unsent } of this.#kept.values()) unsent.flush(true);
  }
}

/**
 * What was written here goes on: since the page stood there (before its scripts had come, too), or at a visit that could
 * not keep it.
 */
function begin(unsent: Unsent, field: Words, given: Draft): void {
  const onward = field.goOn(given.version);
  const changed = field.area.value !== field.area.defaultValue;
  unsent.begin(given, changed || field.isUnkept(), field.unkept(), onward);
}

/** The field with names where the words keep ids. */
class Words implements Field {
  readonly area: HTMLTextAreaElement;
  readonly other: HTMLElement;

  constructor(
    private readonly form: HTMLFormElement,
    private readonly names: Names,
    private readonly key: string,
  ) {
    this.area = the("textarea", form);
    this.other = the(".otherdraft", form);
  }

  words(): string {
    return this.names.meant(this.area.value);
  }

  put(words: string): void {
    for (const [, id] of words.matchAll(MARK)) {
      const listed = document.querySelector(`.about [data-person="${CSS.escape(id ?? "")}"] .who`);
      if (listed?.textContent) this.names.learn(listed.textContent.trim(), id ?? "");
    }
    this.area.value = this.names.spoken(words);
    this.#drop();
    settle(this.form);
  }

  /** What is written here goes on from that version of what the server has. */
  note(version: number): void {
    localStorage.setItem(`${this.key}.from`, String(version));
  }

  /** Takes up what was written here and could not be kept, if nothing else has been written since. */
  goOn(version: number): boolean {
    const words = localStorage.getItem(this.key);
    if (!words || localStorage.getItem(`${this.key}.from`) !== String(version)) return false;
    if (this.area.value === this.area.defaultValue) this.area.value = words;
    return this.area.value === words;
  }

  #drop(): void {
    for (const key of [this.key, `${this.key}.from`]) localStorage.removeItem(key);
  }

  focused(): boolean {
    return document.activeElement === this.area;
  }

  offer(words: string | null): void {
    this.other.hidden = words === null;
    the("span", this.other).textContent = this.names.spoken(words ?? "");
  }

  kept(words: string): void {
    if (this.words() === words) this.#drop();
  }

  /** What the composer keeps on this device, for it was written here and the server has not got it. */
  unkept(): string {
    return this.names.meant(localStorage.getItem(this.key) ?? "");
  }

  isUnkept(): boolean {
    return Boolean(this.area.value) && localStorage.getItem(this.key) === this.area.value;
  }
}
