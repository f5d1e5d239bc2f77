/** A thread beside its room: opened by a press, closed by Escape and Back, and at an address of its own meanwhile. */
import type { Actions } from "./actions.ts";
import { alongside } from "./alongside.ts";
import { Composer } from "./composer.ts";
import type { Drafts } from "./drafts.ts";
import { hush, isHushed } from "./hushed.ts";
import type { Standing } from "./lively.ts";
import { copy, the } from "./page.ts";
import { Rows } from "./rows.ts";
import { Stream } from "./stream.ts";
import { Thread } from "./thread.ts";
import { ThreadView } from "./threadview.ts";
import { awaitFiles } from "./touch.ts";

/** So narrow a screen shows the room or the thread. */
const NARROW = "(max-width: 47.99rem)";

interface Open {
  thread: Thread;
  talk: HTMLElement;
  opener: HTMLElement | null;
}

/** The page of a thread goes on from what the server has drawn. */
export function goOn({ wire, rows, stream, facts, api, transport }: Standing, root: string): void {
  const view = new ThreadView(the("main.talk"), stream, rows);
  const thread = new Thread(api, root, facts, view, { shown: true, online: false });
  view.serve(thread);
  const { outgoing } = wire.hooks;
  const own: typeof wire.hooks = {
    ...wire.hooks,
    show: () => undefined,
    replace: () => undefined,
    outgoing: (items) => outgoing(items.filter((item) => item.reply_to === root)),
  };
  wire.hooks = alongside(own, () => thread.hooks);
  listen(transport, () => ({ thread, view }));
  stream.open();
  wire.start();
}

/** Another device of ours follows a thread, or follows it no more. */
function listen(transport: Standing["transport"], open: () => { thread: Thread; view: ThreadView } | null): void {
  transport.on("thread.changed", ({ message, following }: { message: string; following: boolean }) => {
    const here = open();
    if (here?.thread.root === message) here.view.follows(following);
  });
}

export class Beside {
  readonly #main = the("main.talk");
  readonly #narrow = matchMedia(NARROW);
  // The page may have come as the answer to a form, at another address.
  readonly #path = (the("#places").dataset.list ?? "").replace(/\/places$/, "");
  #open: (Open & { view: ThreadView }) | null = null;

  constructor(
    private readonly standing: Standing,
    private readonly actions: Actions,
    private readonly drafts: Drafts,
  ) {
    const { wire, transport } = standing;
    wire.hooks = alongside(wire.hooks, () => this.#open?.thread.hooks ?? null);
    listen(transport, () => this.#open);
    this.#main.addEventListener("click", (event) => this.#pressed(event));
    document.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("popstate", () => this.#arrived());
    this.#narrow.addEventListener("change", () => this.#cover());
  }

  #pressed(event: MouseEvent): void {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const opener = (event.target as Element).closest<HTMLElement>("a.replies, [data-act=thread]");
    const said = opener?.closest<HTMLElement>(".said[data-seq]");
    if (!opener || !said) return;
    event.preventDefault();
    const address = `${this.#path}/t/${said.dataset.seq}`;
    // From one thread to the next: Back leads to the room all the same.
    if (this.#open) history.replaceState({ thread: true }, "", address);
    else history.pushState({ thread: true }, "", address);
    this.#show(said.dataset.id ?? "", `${address}/follow`, opener);
  }

  #show(root: string, follow: string, opener: HTMLElement | null): void {
    this.#shut();
    const { facts, names, wire, api } = this.standing;
    const talk = copy("t-thread");
    the<HTMLFormElement>("form.follow", talk).action = follow;
    this.#main.after(talk);
    const rows = new Rows(facts, names, "side-");
    const stream = new Stream(the(".stream", talk), rows, facts, () => undefined);
    const view = new ThreadView(talk, stream, rows);
    const online = !document.querySelector("#offline:not([hidden])");
    const thread = new Thread(api, root, facts, view, { shown: false, online });
    view.serve(thread);
    this.#open = { thread, talk, opener, view };
    this.actions.serve(talk, this.#composer(talk, root));
    the(".shut", talk).addEventListener("click", () => this.#close());
    thread.hooks.outgoing?.(wire.outbox.items);
    void thread.read().then(() => thread.stand());
    this.#cover();
    (talk.querySelector<HTMLElement>("form.composer:not([hidden]) textarea") ?? the(".shut", talk)).focus();
  }

  /** Where nothing can be written in the room, nothing can in its threads. */
  #composer(talk: HTMLElement, root: string): Composer | null {
    const { facts, names, wire, api } = this.standing;
    const form = the<HTMLFormElement>("form.composer", talk);
    const rooms = this.#main.querySelector<HTMLFormElement>("form.composer");
    if (!rooms) {
      form.remove();
      return null;
    }
    hush(form, isHushed(rooms));
    const composer = new Composer(form, { ...facts, root }, names, {
      send: (body, _replyTo, files) => void wire.post(body, root, files),
      typing: () => wire.typing(),
    });
    this.drafts.keep(talk, root, awaitFiles(composer, api));
    return composer;
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.defaultPrevented || !this.#open) return;
    const here = event.target as Element;
    // What floats, and words that are being changed, are left first.
    if (here.closest(".editing, dialog") || document.querySelector(":popover-open, dialog[open]")) return;
    if (this.#main.contains(here)) return;
    event.preventDefault();
    this.#close();
  }

  #close(): void {
    if (history.state?.thread) history.back();
    else this.#shut();
  }

  /** Back, or Forward, or a link within the page: the address says what is to be seen. */
  #arrived(): void {
    const seq = /\/t\/(\d+)$/.exec(location.pathname)?.[1];
    if (!seq) {
      this.#shut();
      return;
    }
    const said = this.#main.querySelector<HTMLElement>(`.said[data-seq="${seq}"]`);
    if (!said) location.reload();
    else if (this.#open?.thread.root !== said.dataset.id) {
      this.#show(said.dataset.id ?? "", `${location.pathname}/follow`, null);
    }
  }

  #shut(): void {
    const open = this.#open;
    if (!open) return;
    this.#open = null;
    open.thread.close();
    // Lets go of the microphone.
    open.talk.querySelector<HTMLElement>("[data-voice=discard]")?.click();
    this.drafts.leave(open.talk);
    open.talk.remove();
    this.#cover();
    // The tools of a message are shown once it has the focus.
    const said = open.opener?.closest<HTMLElement>(".said");
    if (said) said.tabIndex = -1;
    for (const next of [said, open.opener]) next?.focus({ preventScroll: true });
  }

  /** On a phone the thread covers the room, which then is out of reach. */
  #cover(): void {
    this.#main.inert = this.#open !== null && this.#narrow.matches;
  }
}
