/** Unsent messages in IndexedDB, apart for each person, channel and room; where storage fails they last the page. */
import type { Outgoing, Shelf } from "./outbox.ts";

const STORE = "outgoing";

export class IndexedShelf implements Shelf {
  readonly #opened: Promise<IDBDatabase | null>;

  /** `owner` names person, channel and room; another person on this browser never sends what this one wrote. */
  constructor(private readonly owner: string) {
    this.#opened = open().catch(() => null);
  }

  async load(): Promise<Outgoing[]> {
    const rows = await this.#run<(Outgoing & { owner: string })[]>("readonly", (store) =>
      store.index("owner").getAll(this.owner),
    );
    return (rows ?? []).map(({ owner: _owner, ...item }) => item);
  }

  async keep(item: Outgoing): Promise<void> {
    await this.#run("readwrite", (store) => store.put({ ...item, owner: this.owner }));
  }

  async drop(clientId: string): Promise<void> {
    await this.#run("readwrite", (store) => store.delete(clientId));
  }

  async #run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest): Promise<T | null> {
    const database = await this.#opened;
    if (!database) return null;
    try {
      return await settled<T>(act(database.transaction(STORE, mode).objectStore(STORE)));
    } catch {
      return null;
    }
  }
}

/** Rejects where a browser throws at the mere mention of storage. */
async function open(): Promise<IDBDatabase> {
  const request = indexedDB.open("guildhall", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(STORE, { keyPath: "client_id" }).createIndex("owner", "owner");
  };
  return settled<IDBDatabase>(request);
}

function settled<T>(request: IDBRequest): Promise<T> {
  return new Promise((done, fail) => {
    request.onsuccess = () => done(request.result as T);
    request.onerror = () => fail(request.error);
  });
}
