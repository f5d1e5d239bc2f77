/** Names of members as people read them, `@Zoe`, and as messages keep them, `<@id>`. */

const KEPT = 100;
const MARK = /<@([0-9a-f-]{36})>/g;

export class Names {
  readonly #ids: Map<string, string>;

  constructor(private readonly key: string) {
    this.#ids = new Map(kept(key));
  }

  /** Notes whose name it is; what to write for it, which says the second of one name apart from the first. */
  learn(name: string, id: string): string {
    let label = name;
    for (let n = 2; (this.#ids.get(label) ?? id) !== id; n++) label = `${name} (${n})`;
    this.#ids.delete(label);
    this.#ids.set(label, id);
    keep(this.key, [...this.#ids].slice(-KEPT));
    return label;
  }

  /** The words with ids for the names that were learned, as they are sent. */
  meant(text: string): string {
    const longest = [...this.#ids].sort(([one], [other]) => other.length - one.length);
    return longest.reduce((words, [label, id]) => words.replace(called(label), `<@${id}>`), text);
  }

  /** The words with names for ids, as they are read; an id that is not known stays. */
  spoken(text: string): string {
    const labels = new Map([...this.#ids].map(([label, id]) => [id, label]));
    return text.replace(MARK, (mark, id) => (labels.has(id) ? `@${labels.get(id)}` : mark));
  }
}

/** Storage may be forbidden, and then names are known as long as the page is open. */
function kept(key: string): [string, string][] {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "[]");
  } catch {
    return [];
  }
}

function keep(key: string, names: [string, string][]): void {
  try {
    localStorage.setItem(key, JSON.stringify(names));
  } catch {}
}

function called(label: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}@])@${label.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\p{L}\\p{N}])`, "gu");
}
