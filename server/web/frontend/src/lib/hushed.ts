/**
 * Where one may not write, or no longer: what was begun stays to be read and copied, and is gone on with when one may
 * again. Loaded once the page stands, so that it is there when the server has sent us away.
 */
import { call } from "./api.ts";
import { LATER } from "./later.ts";
import type { Mute } from "./message.ts";
import { the } from "./page.ts";
import { Refused } from "./refusal.ts";
import type { Link } from "./wire.ts";
import { say } from "./words.ts";

/** A problem as the API tells it. */
interface Barred {
  detail?: string;
  /** When it ends by itself. */
  until?: string;
}

type Ended = Extract<Link, { state: "ended" }>;

/** Timers hold no more milliseconds than this. */
const LONGEST_MS = 2 ** 31 - 1;
const SIGNED_OUT = new Set(["sign_in_needed", "session_ended"]);
const hushed = new WeakMap<HTMLFormElement, boolean>();
/** What keeps the reader from writing: a sanction, the room itself, the end of the wire. */
const held = { muted: "", closed: "", ended: false, out: false };
/** How long after the end of a ban one may enter: the clocks of two machines differ. */
const AFTER_MS = 1_000;
let ends: ReturnType<typeof setTimeout> | undefined;

/** Makes a composer one to read only, or one to write in again; one without words is not shown meanwhile. */
export function hush(form: HTMLFormElement, on: boolean): void {
  if (!hushed.has(form)) guard(form);
  hushed.set(form, on);
  // Lets go of the microphone; what was recorded stays.
  if (on) form.querySelector<HTMLElement>("[data-voice=stop]:not([hidden])")?.click();
  settle(form);
}

/** Shows a composer as it is to be with the words that have come into it. */
export function settle(form: HTMLFormElement): void {
  if (!hushed.has(form)) return;
  const on = isHushed(form);
  const field = the<HTMLTextAreaElement>("textarea", form);
  form.hidden = on && !field.value && !form.querySelector(".chips > *");
  form.classList.toggle("hushed", on);
  field.readOnly = on;
}

export function isHushed(form: HTMLFormElement): boolean {
  return hushed.get(form) ?? false;
}

function guard(form: HTMLFormElement): void {
  // Before the composer and the keeper of drafts hear of it.
  const stop = (event: Event) => {
    if (!isHushed(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  form.addEventListener("submit", stop, { capture: true });
  form.addEventListener("input", () => settle(form));
}

/** Says why a member only reads, until when they do; without a sentence they may write again. */
export function mute({ said, until }: Mute): void {
  const notice = document.querySelector<HTMLElement>("#muted");
  if (!notice) return;
  clearTimeout(ends);
  the("p span", notice).textContent = held.muted = said;
  hold();
  if (said && until) wait(Date.parse(until), () => mute({ said: "", until: null }));
}

/** Says why nothing is written in this room, archived or for announcements alone; without a sentence it is again. */
export function shut(why: string): void {
  // What was taken off the page comes with a new one.
  if (held.out) location.reload();
  const notice = document.querySelector<HTMLElement>("#closed");
  if (!notice || held.closed === why) return;
  the("p", notice).textContent = held.closed = why;
  hold();
}

/** The same for the page of one who only read before. */
export function holdAsDrawn(): void {
  const notice = document.querySelector<HTMLElement>("#muted");
  const said = notice && the("p span", notice).textContent;
  if (said) mute({ said, until: notice.dataset.until ?? null });
  shut(document.querySelector("#closed p")?.textContent ?? "");
}

/**
 * The room is no longer to be seen: its page goes, or, where something was begun, all of the room that stands on it, so
 * that the words can still be read and copied.
 */
export async function putOut(): Promise<void> {
  if (held.out) return;
  const begun = [...document.querySelectorAll<HTMLTextAreaElement>("form.composer textarea")].some(
    ({ value }) => value,
  );
  if (!begun || !document.querySelector("#closed") || (await isSignedOut())) {
    location.reload();
    return;
  }
  const { gone = "", rooms = "", begun: words = "" } = the("#offline").dataset;
  wipe(gone, words);
  shut(gone);
  held.out = true;
  const href = `/c/${the("main.talk").dataset.channel}/community`;
  the("#closed").append(Object.assign(document.createElement("a"), { className: "push", href, textContent: rooms }));
}

/** Takes off the page what only those in the room may see; the lists stay, for scripts hold them. */
function wipe(title: string, words: string): void {
  the("h1").textContent = document.title = title;
  const room =
    "meta[name=description], .skip, .roomhead > :not(div), .roomhead p, #stream > :not(ol), #jump, .about h2";
  const gone = `${room}, .side li:has([aria-current=page])`;
  for (const part of document.querySelectorAll<HTMLElement>(gone)) {
    part.replaceChildren();
    part.removeAttribute("content");
    part.hidden = true;
  }
  for (const list of document.querySelectorAll(".talk ol, .about ul")) list.replaceChildren();
  for (const talk of document.querySelectorAll(".stream")) talk.setAttribute("aria-label", title);
  for (const form of document.querySelectorAll<HTMLFormElement>("form.composer")) {
    the("label.unseen", form).textContent = words;
    the<HTMLTextAreaElement>("textarea", form).placeholder = "";
  }
}

function hold(): void {
  const { muted, closed, ended } = held;
  for (const [notice, on] of Object.entries({ "#closed": closed, "#muted": muted && !closed }))
    document.querySelector(notice)?.toggleAttribute("hidden", !on);
  const line = document.querySelector("#slow");
  line?.toggleAttribute("hidden", Boolean(closed) || !line.textContent);
  for (const form of document.querySelectorAll<HTMLFormElement>("form.composer"))
    hush(form, Boolean(muted || closed || ended));
}

/** Says how long each waits between two messages; 0: no more. */
export function slow(seconds: number): void {
  const line = document.querySelector<HTMLElement>("#slow");
  if (line) line.textContent = seconds ? say(LATER.slow, { count: seconds }) : "";
  hold();
}

/**
 * Nothing more can be said here: what is left is to show why, which the wire's end alone does not tell, and to offer to
 * try again. `show` shows a reason in the strip; who is signed out finds the way back in there.
 */
export async function close(link: Ended, show: (reason: string) => void): Promise<void> {
  held.ended = true;
  hold();
  clearTimeout(ends);
  if (SIGNED_OUT.has(link.code) || (link.code === "disconnected" && (await isSignedOut()))) {
    const strip = the("#offline");
    const enter = the("a", strip);
    the("b", strip).textContent = enter.dataset.what ?? "";
    the("p span", strip).textContent = enter.dataset.then ?? "";
    enter.hidden = false;
    return;
  }
  if (link.code === "disconnected") show(LATER.away);
  const why = await refused();
  if (why?.detail) show(why.detail);
  const again = the<HTMLButtonElement>("button", the("#offline"));
  again.onclick = () => void comeIn(show);
  again.hidden = false;
  whenOver(why, show);
}

/** Goes in when one may again, with what was begun; otherwise says once more why not. */
async function comeIn(show: (reason: string) => void): Promise<void> {
  const why = await refused();
  if (why === null) {
    // Nobody else keeps it: a ban ends what the server had of it.
    for (const area of document.querySelectorAll<HTMLTextAreaElement>("form.composer textarea"))
      if (area.value) area.dispatchEvent(new Event("input"));
    location.reload();
    return;
  }
  // What stands there already would not be read out again.
  const shown = the("#offline p span");
  const reason = why.detail ?? shown.textContent ?? "";
  shown.textContent = "";
  show(reason);
  the("#offline button").hidden = false;
  whenOver(why, show);
}

function whenOver(why: Barred | null, show: (reason: string) => void): void {
  if (why?.until) wait(Math.max(Date.parse(why.until), Date.now()) + AFTER_MS, () => void comeIn(show));
}

/** What keeps the reader out of the room; null when nothing does, or another page says it better. */
async function refused(): Promise<Barred | null> {
  const { channel, room } = the("main.talk").dataset;
  const headers = { accept: "application/json" };
  const asked = fetch(`/api/v1/channels/${channel}/rooms/${room}/messages?limit=1`, { headers });
  const answer = await asked.catch(() => null);
  if (answer && (answer.ok || answer.status === 401 || answer.status === 404)) return null;
  return ((await answer?.json().catch(() => null)) as Barred) ?? {};
}

/** Acts at a time to come, however far away. */
function wait(at: number, act: () => void): void {
  clearTimeout(ends);
  const left = at - Date.now();
  ends = setTimeout(left > LONGEST_MS ? () => wait(at, act) : act, Math.min(left, LONGEST_MS));
}

async function isSignedOut(): Promise<boolean> {
  const fault = await call("GET", "/api/v1/me").catch((refused) => refused);
  return fault instanceof Refused && SIGNED_OUT.has(fault.code);
}
