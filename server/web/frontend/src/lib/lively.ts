/** What comes once the page stands: acting on messages, files for the next one, what is unread elsewhere, older pages. */
import { Actions } from "./actions.ts";
import { Beside, goOn } from "./beside.ts";
import { Composer } from "./composer.ts";
import { Drafts } from "./drafts.ts";
import { watchElsewhere } from "./elsewhere.ts";
import { holdAsDrawn } from "./hushed.ts";
import { Keeping } from "./keeping.ts";
import { sentence, tooLong } from "./later.ts";
import type { Names } from "./names.ts";
import { PAGE, type RoomFacts, the } from "./page.ts";
import type { People } from "./people.ts";
import { keepPlaces } from "./places.ts";
import { Polling } from "./polling.ts";
import { type Reading, readBack } from "./readback.ts";
import type { Rows } from "./rows.ts";
import { follow } from "./talks.ts";
import { countThreads } from "./threadcount.ts";
import { awaitFiles, awaitPoll } from "./touch.ts";
import { Typing } from "./typing.ts";
import type { Transport, Wire } from "./wire.ts";
import { OwnHidden } from "./withheld.ts";

export interface Standing extends Reading {
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
  Composer.tooLong = tooLong;
  Typing.sentence = sentence;
  const actions = new Actions(wire, rows, { names, api });
  actions.serve(the("main.talk"), composer);
  const drafts = new Drafts(standing);
  if (composer) drafts.keep(the("main.talk"), facts.root, awaitFiles(composer, api));
  if (facts.root) goOn(standing, facts.root);
  else new Beside(standing, actions, drafts);
  countThreads(facts.channel, transport);
  follow(standing.transport, standing.wire.outbox);
  const renew = keepPlaces(transport, facts);
  new Keeping(document.body, transport, api, facts.room);
  new Polling(document.body, transport, api);
  new OwnHidden(document.body, facts, api, transport);
  if (composer) {
    holdAsDrawn();
    awaitPoll(`${api}/rooms/${facts.room}/messages`, facts.root);
  }
  watchElsewhere(facts.channel, (counts) => people.unread(counts), renew);
  if (!facts.root) readBack(the("#stream"), standing, PAGE);
}
