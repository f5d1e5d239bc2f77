/** Older messages: read as the reader comes near the top, let go where a room stands open for long. */
import { follows } from "./grouping.ts";
import type { Message } from "./message.ts";
import { the } from "./page.ts";
import { type Stream, saidIn } from "./stream.ts";

const AGAIN_MS = 3_000;
/** A reader at the end has at most so many messages on the page, and then so many: a long list makes all work slow. */
const MOST = 400;
const KEPT = 200;

export interface Reading {
  stream: Stream;
  /** A page of messages over HTTP. */
  pageOf(query: string): Promise<Message[]>;
}

/** Reads one page further back each time the reader comes near the top of `box`. */
export function readBack(box: HTMLElement, { stream, pageOf }: Reading, page: number): void {
  const list = the("ol.said-here", box);
  const oldest = () => Number(list.querySelector<HTMLElement>(".said[data-seq]")?.dataset.seq ?? 0);
  const sentinel = box.querySelector<HTMLElement>(".older:not(.row)") ?? absent(list);
  /** The seq above which there is nothing, once that is known. */
  let top = sentinel.hidden ? oldest() : 0;
  const look = () => {
    sentinel.hidden = oldest() <= top;
    watch.observe(sentinel);
  };
  const watch = new IntersectionObserver(
    async (seen) => {
      if (!seen.some((entry) => entry.isIntersecting)) return;
      watch.unobserve(sentinel);
      const first = oldest();
      const older = await pageOf(`&before=${first}`).catch(() => null);
      // What was let go meanwhile would be missing between.
      if (older && oldest() === first) {
        prepend(box, list, stream.built(older), stream.facts.zone);
        if (older.length < page) top = oldest();
      }
      setTimeout(look, older ? 0 : AGAIN_MS);
    },
    { root: box, rootMargin: "600px 0px 0px" },
  );
  watch.observe(sentinel);
  new MutationObserver(() => {
    letGo(list, box);
    if (!sentinel.hidden) return;
    top ||= oldest();
    look();
  }).observe(list, { childList: true, subtree: true });
}

/** Puts older rows above, the words being read staying where they are. */
function prepend(box: HTMLElement, list: HTMLElement, older: DocumentFragment, zone: string): void {
  const below = box.scrollHeight - box.scrollTop;
  box.setAttribute("aria-busy", "true");
  join(older, the(".day, .post", list), zone);
  box.scrollTop = box.scrollHeight - below;
  requestAnimationFrame(() => box.removeAttribute("aria-busy"));
}

/** Puts older rows before `first`; a day that goes on is named once, a head that goes on stands once. */
function join(older: DocumentFragment, first: HTMLElement, zone: string): void {
  const lastDay = [...older.querySelectorAll<HTMLElement>(".day")].at(-1)?.dataset.day;
  if (!first.dataset.day || first.dataset.day !== lastDay) {
    first.before(older);
    return;
  }
  const next = first.nextElementSibling;
  first.replaceWith(older);
  merge(next, zone);
}

function merge(post: Element | null, zone: string): void {
  const above = post?.previousElementSibling;
  if (!(post instanceof HTMLElement && above instanceof HTMLElement && above.matches(".post"))) return;
  const next = post.querySelector<HTMLElement>(".said");
  const said = { author: post.dataset.author ?? "", at: next?.dataset.at ?? "" };
  if (!follows(saidIn(above), said, zone)) return;
  above.append(...post.querySelectorAll(".said"));
  post.remove();
}

/** Where older messages will be read once there are some: all there are stand on the page. */
function absent(list: HTMLElement): HTMLElement {
  const made = document.createElement("p");
  made.hidden = true;
  list.before(made);
  return made;
}

/** Takes away what stands far above a reader who is at the end: it comes back as an older page. */
function letGo(list: HTMLElement, box: HTMLElement): void {
  const said = [...list.querySelectorAll(".said")];
  const below = box.scrollHeight - box.scrollTop;
  if (said.length <= MOST || below > 2 * box.clientHeight || inUse(list)) return;
  const kept = said.at(-KEPT) as Element;
  const post = kept.closest(".post") as Element;
  const above = [...list.children].slice(0, [...list.children].indexOf(post));
  if (above.some((each) => each.matches(".newline"))) return;
  const day = above.findLast((each) => each.matches(".day"));
  for (const each of above) if (each !== day) each.remove();
  for (const each of said.slice(0, said.indexOf(kept))) each.remove();
  box.scrollTop = box.scrollHeight - below;
}

/** Somebody has chosen words of the list, listens to it, or is at its buttons. */
function inUse(list: HTMLElement): boolean {
  const sounds = [...list.querySelectorAll<HTMLMediaElement>("audio, video")];
  const chosen = document.getSelection();
  return (
    list.contains(document.activeElement) ||
    sounds.some((each) => !each.paused) ||
    (chosen !== null && !chosen.isCollapsed && list.contains(chosen.anchorNode))
  );
}
