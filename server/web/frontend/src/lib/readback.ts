/** Older messages, read as the reader comes near the top. */
import type { Message } from "./message.ts";
import type { Stream } from "./stream.ts";

const AGAIN_MS = 3_000;

export interface Reading {
  stream: Stream;
  /** A page of messages over HTTP. */
  pageOf(query: string): Promise<Message[]>;
}

/** Reads one page further back each time the reader comes near the top. */
export function readBack(sentinel: Element, root: Element, { stream, pageOf }: Reading, most: number): void {
  const watch = new IntersectionObserver(
    async (seen) => {
      if (!seen.some((entry) => entry.isIntersecting)) return;
      watch.unobserve(sentinel);
      const page = await pageOf(`&before=${stream.oldest()}`).catch(() => null);
      if (page) stream.prepend(page);
      if (page && page.length < most) sentinel.remove();
      else setTimeout(() => watch.observe(sentinel), page ? 0 : AGAIN_MS);
    },
    { root, rootMargin: "600px 0px 0px" },
  );
  watch.observe(sentinel);
}
