/** `Transport` over socket.io-client: websocket first, polling where that is blocked; the session cookie speaks for us. */
import { io, type Socket } from "socket.io-client";
import type { Message } from "./message.ts";
import { Lost, Refused } from "./refusal.ts";
import type { Link, Transport } from "./wire.ts";

const AGAIN_MS = 3_000;
/** How long a way of connecting may stay silent. */
const SILENT_MS = 10_000;
const PASSING = new Set(["too_fast", "unavailable", "internal"]);

type Ack<T> = { ok: T } | { error: { code: string; message: string; retry_after?: number; present?: Message } };
type Denied = Error & { data?: { code?: string; retry_after?: number } };

export class SocketTransport implements Transport {
  readonly #socket: Socket;
  #listeners: ((link: Link) => void)[] = [];
  #ended = false;

  constructor(channel: string) {
    this.#socket = io("/community", {
      path: "/socket.io/",
      auth: { channel },
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      withCredentials: true,
      reconnectionDelayMax: 10_000,
      timeout: SILENT_MS,
    });
    this.#socket.on("connect", () => this.#tell({ state: "online" }));
    this.#socket.on("disconnect", (reason) => this.#dropped(reason));
    this.#socket.on("connect_error", (error: Denied) => this.#denied(error));
    window.addEventListener("online", () => this.retry());
  }

  /** Tries at once instead of waiting for the next turn; never after the server has sent us away. */
  retry(): void {
    if (!this.#socket.connected && !this.#ended) this.#socket.disconnect().connect();
  }

  /** Hears nothing more until `retry`. */
  rest(): void {
    this.#socket.disconnect();
  }

  async request<T>(event: string, payload: object, timeoutMs: number): Promise<T> {
    const ack = await this.#socket
      .timeout(timeoutMs)
      .emitWithAck(event, payload)
      .catch(() => {
        throw new Lost(event);
      });
    return unwrap<T>(ack as Ack<T>);
  }

  on(event: string, listener: (payload: never) => void): void {
    this.#socket.on(event, listener as (payload: unknown) => void);
  }

  onLink(listener: (link: Link) => void): void {
    this.#listeners.push(listener);
    if (this.#socket.connected) listener({ state: "online" });
  }

  /** A namespace disconnect means "stay away"; every other end is a fault, and the client comes back by itself. */
  #dropped(reason: string): void {
    if (reason === "io client disconnect") return;
    this.#tell(
      reason === "io server disconnect" ? { state: "ended", code: "disconnected", reason: "" } : { state: "offline" },
    );
  }

  #denied(error: Denied): void {
    // What swallows a WebSocket refuses nothing: the next try begins with polling, and upgrades where that works.
    if (error.message === "timeout") this.#socket.io.opts.transports = ["polling", "websocket"];
    const code = error.data?.code;
    if (this.#socket.active || !code || PASSING.has(code) || error.data?.retry_after) {
      this.#tell({ state: "offline" });
      if (!this.#socket.active) setTimeout(() => this.retry(), (error.data?.retry_after ?? 0) * 1_000 || AGAIN_MS);
    } else {
      this.#tell({ state: "ended", code, reason: error.message });
    }
  }

  #tell(link: Link): void {
    this.#ended = link.state === "ended";
    for (const listener of this.#listeners) listener(link);
  }
}

function unwrap<T>(ack: Ack<T>): T {
  if ("ok" in ack) return ack.ok;
  throw new Refused(ack.error.code, ack.error.message, ack.error.retry_after ?? null, ack.error.present ?? null);
}
