/** The room comes alive: the server's page stays what it is, the wire adds what happens next. */
import "../../styles/room.css";
import { call } from "../lib/api.ts";
import { Bell } from "../lib/bell.ts";
import { Composer } from "../lib/composer.ts";
import { whenIdle } from "../lib/late.ts";
import type { Message } from "../lib/message.ts";
import { Names } from "../lib/names.ts";
import { PAGE, roomFacts, the } from "../lib/page.ts";
import { People } from "../lib/people.ts";
import { Rows } from "../lib/rows.ts";
import { IndexedShelf } from "../lib/shelf.ts";
import { SocketTransport } from "../lib/socket.ts";
import { Status } from "../lib/status.ts";
import { Stream } from "../lib/stream.ts";
import { Typing } from "../lib/typing.ts";
import { Wire } from "../lib/wire.ts";
import { WORDS } from "../lib/words.ts";

const facts = roomFacts(the("main.talk"));
const api = `/api/v1/channels/${facts.channel}`;
const address = `${api}/rooms/${facts.room}/messages?limit=${PAGE}`;
const hushed = () => import("../lib/hushed.ts");
const pageOf = (query = "") => call<{ items: Message[] }>("GET", address + query).then((page) => page.items);

const box = the("#stream");
const names = new Names(`guildhall.names.${facts.channel}`);
const rows = new Rows(facts, names);
const transport = new SocketTransport(facts.channel);
const people = new People(facts);
const stream = new Stream(box, rows, facts, (seq) => void (facts.root || wire.read(seq)));
const bell = new Bell();
const status = new Status(facts, () => wire.outbox.items.filter((item) => item.state !== "failed").length);
const WAITS = { online: WORDS.sending, offline: WORDS.waiting, ended: WORDS.stuck };
let wait: string = WORDS.waiting;

const wire = new Wire(
  transport,
  {
    show: (message) => {
      stream.append(message);
      typing.spoke(message.author.name);
    },
    replace: (page) => stream.replace(page),
    edited: (message) => stream.patch(message),
    deleted: ({ id }) => stream.erase(id, WORDS.deleted),
    hidden: (id) => stream.erase(id, WORDS.hidden),
    slowed: (seconds) => void hushed().then(({ slow }) => slow(facts.staff ? 0 : seconds)),
    muted: (told) => void hushed().then(({ mute }) => mute(told)),
    reacted: ({ message, emoji, count }) => {
      const said = stream.find(message);
      if (said) rows.react(said, emoji, count);
    },
    outgoing: (items) => {
      stream.outgoing(items, wait);
      status.refresh();
    },
    link: (link) => {
      wait = WAITS[link.state];
      status.link(link);
      stream.outgoing(wire.outbox.items, wait);
      if (link.state !== "online") people.lost();
      if (link.state === "ended")
        void hushed().then(({ close }) => close(link, (reason) => status.link({ ...link, reason })));
    },
    online: (count) => people.online(count),
    presence: (change) => people.changed(change),
    typing: (names, more) => typing.heard(names, more),
    read: (room) => people.unread({ [room]: { unread: 0, mentions: 0 } }),
    unread: (counts) => people.unread(counts),
    notice: (notice) => {
      if (bell.ring(notice) && notice.room !== facts.room)
        void import("../lib/told.ts").then(({ tell }) => tell(notice));
    },
    bell: (unread) => bell.show(unread),
  },
  {
    room: facts.room,
    last: facts.last,
    shelf: new IndexedShelf(`${facts.me}/${facts.channel}/${facts.room}`),
    page: (before) => pageOf(before ? `&before=${before}` : ""),
    message: (id) => call<Message>("GET", `${api}/messages/${id}`),
  },
);

const typing = new Typing(
  facts.name,
  () => wire.typing(),
  (line) => {
    the("#typing").hidden = !line;
    the("#typing>:last-child").textContent = line;
  },
);

// Where only teachers write, others still react and flag.
const form = document.querySelector<HTMLFormElement>("form.composer");
const composer = form
  ? new Composer(form, facts, names, {
      send: (body, replyTo, files) => {
        typing.sent();
        void wire.post(body, replyTo ?? facts.root, files);
      },
      typing: () => typing.pressed(),
    })
  : null;
whenIdle([box, ...document.querySelectorAll<HTMLElement>("#attach, #record")], async () => {
  const { comeToLife } = await import("../lib/lively.ts");
  comeToLife({ transport, facts, wire, rows, composer, names, people, api, stream, pageOf });
});
the("#offline button").addEventListener("click", () => transport.retry());
// A thread is brought to life by what comes late.
if (!facts.root) {
  stream.open();
  wire.start();
}
