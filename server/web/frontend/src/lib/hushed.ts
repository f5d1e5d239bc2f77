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

type Ended = Extract<Link, { state: "ended" }>;

/** Timers hold no more milliseconds than this. */
const LONGEST_MS = 2 ** 31 - 1;
const SIGNED_OUT = new Set(["sign_in_needed", "session_ended"]);
const hushed = new WeakMap<HTMLFormElement, boolean>();
/** What keeps the reader from writing: a sanction, the room itself, the end of the wire. */
const held = { muted: "", closed: "", ended: false };
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
  const left = said && until ? Date.parse(until) - Date.now() : Number.POSITIVE_INFINITY;
  if (left < LONGEST_MS) ends = setTimeout(() => mute({ said: "", until: null }), left);
}

/** Says why nothing is written in this room, archived or for announcements alone; without a sentence it is again. */
export function shut(why: string): void {
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
 * Nothing more can be said here: what is left is to say why, which the wire's end alone does not tell. `say` shows a
 * reason in the strip; who is signed out finds the way back in there.
 */
export async function close(link: Ended, say: (reason: string) => void, read: () => Promise<unknown>): Promise<void> {
  held.ended = true;
  hold();
  if (SIGNED_OUT.has(link.code) || (link.code === "disconnected" && (await isSignedOut()))) {
    const strip = the("#offline");
    const enter = the("a", strip);
    the("b", strip).textContent = enter.dataset.what ?? "";
    the("p span", strip).textContent = enter.dataset.then ?? "";
    enter.hidden = false;
  } else if (link.code === "disconnected") {
    say(LATER.away);
    const why = await read().catch((fault) => fault);
    if (why instanceof Refused) say(why.message);
  }
}

async function isSignedOut(): Promise<boolean> {
  const fault = await call("GET", "/api/v1/me").catch((refused) => refused);
  return fault instanceof Refused && SIGNED_OUT.has(fault.code);
}
