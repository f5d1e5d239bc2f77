/** What comes once the page stands: acting on messages, files for the next one, what is unread elsewhere, older pages. */
import { Actions } from "./actions.ts";
import type { Composer } from "./composer.ts";
import { watchElsewhere } from "./elsewhere.ts";
import { Keeping } from "./keeping.ts";
import type { Message } from "./message.ts";
import type { Names } from "./names.ts";
import { PAGE, type RoomFacts, the } from "./page.ts";
import type { People } from "./people.ts";
import type { Rows } from "./rows.ts";
import type { Stream } from "./stream.ts";
import { follow } from "./talks.ts";
import { awaitFiles } from "./touch.ts";
import type { Transport, Wire } from "./wire.ts";

const AGAIN_MS = 3_000;

export interface Standing {
  stream: Stream;
  /** A page of messages over HTTP. */
  pageOf(query: string): Promise<Message[]>;
  facts: RoomFacts;
  transport: Transport;
  wire: Wire;
  rows: Rows;
  composer: Composer | null;
  names: Names;
  people: People;
  api: string;
}

export function comeToLife(standing: Standing): void {
  const { facts, transport, wire, rows, composer, names, people, api } = standing;
  new Actions(the("#messages"), wire, rows, composer, { names, api });
  follow(standing.transport);
  new Keeping(the("#messages"), transport, api, facts.room);
  if (composer) awaitFiles(composer, api);
  watchElsewhere(facts.channel, (counts) => people.unread(counts));
  const older = document.querySelector("#older");
  if (older) readBack(older, standing);
}

/** Reads one page further back each time the reader comes near the top. */
function readBack(sentinel: Element, { stream, pageOf }: Standing): void {
  const watch = new IntersectionObserver(
    async (seen) => {
      if (!seen.some((entry) => entry.isIntersecting)) return;
      watch.unobserve(sentinel);
      const page = await pageOf(`&before=${stream.oldest()}`).catch(() => null);
      if (page) stream.prepend(page);
      if (page && page.length < PAGE) sentinel.remove();
      else setTimeout(() => watch.observe(sentinel), page ? 0 : AGAIN_MS);
    },
    { root: the("#stream"), rootMargin: "600px 0px 0px" },
  );
  watch.observe(sentinel);
}
