/** What the scripts say that come later, when they are first needed; so that the page does not wait for it. */
import { number, say, spoken, WORDS } from "./words.ts";

export const LATER = spoken({
  replying: "Replying to %(name)s",
  ready: "Your certificate for %(title)s is ready.",
  waits: { one: "%(count)s case waits", other: "%(count)s cases wait" },
  looking: "%(name)s is looking at this.",
  decided: "This was decided already.",
  flagged: "Flagged. Moderators look at it.",
  removed: "Deleted. Its author is told why.",
  away: "Your sign-in or your place in this channel has ended.",
  tooLong: "This is %(kb)s KB; a message holds 10 KB. Make it shorter, or send it in parts.",
  typing: { one: "%(names)s is typing", other: "%(names)s are typing" },
  more: "%(count)s more",
  undo: "Undo",
  slow: "Slow mode: one message every %(count)s s.",
  decisions: "Decisions about you",
  meanwhile: "It was changed elsewhere meanwhile. Above is what stands now; save again to put yours in its place.",
  unread: "The thread cannot be read now. It is tried again.",
  follow: "Follow",
  unfollow: "Follow no more",
  people: "People to mention",
  program: "Program",
  owner: "Owner",
  admin: "Admin",
  teacher: "Teacher",
  moderator: "Moderator",
  student: "Student",
  voted: { one: "%(count)s person voted", other: "%(count)s people voted" },
  notAsked: "Not sent: the network is away. Press again when it is back.",
  found: { one: "%(count)s person found", other: "%(count)s people found" },
  movedBefore: "Moved %(what)s before %(next)s, in %(list)s.",
  movedLast: "Moved %(what)s to the end of %(list)s.",
  movedBack: "%(what)s is where it was.",
  notReady: "Not all of the files are ready. Wait until they are, or remove those that cannot be sent.",
  tooMany: "A message holds at most %(count)s files. Send the rest in another.",
  empty: "%(name)s is empty.",
  tooLarge: "%(name)s has %(size)s; a message takes files up to 100 MB.",
  asFile: "Sent as a file to be saved",
  lookedAt: "Being looked at",
  refused: "The store refused this file (%(status)s). Choose it again to start over.",
  kb: "%(count)s KB",
  mb: "%(count)s MB",
  noMicrophone: "The microphone cannot be used. Allow it for this page in your browser, or attach a sound.",
  noSound: "This browser records no sound. Attach a sound instead.",
  note: "Voice note",
  part: "%(part)s of %(whole)s",
  paused: "The connection is gone; this goes on by itself when it is back.",
  arrived: "%(name)s is here, %(size)s.",
  underWay: "The file is still on its way. Save when the bar is full.",
});

/** What is wrong with the length of a message; nothing, while it holds at most 10 KB of UTF-8. */
export function tooLong(body: string): string | false {
  const kb = Math.ceil(new TextEncoder().encode(body).length / 1024);
  return kb > 10 && say(LATER.tooLong, { kb });
}

/** "Tomás and Joan are typing", for up to three names and a number of others. */
export function sentence(names: string[], more: number): string {
  const count = names.length + more;
  const list = more ? [...names, say(LATER.more, { count: more })] : names;
  return count ? say(LATER.typing, { count, names: new Intl.ListFormat(WORDS.locale).format(list) }) : "";
}

/** `12 (40 %)`: how many chose it, and their share of 100. */
export function votes(count: number, share: number): string {
  return `${number(count)} (${number(share)}\u00a0%)`;
}

/** A date and time in the reader's zone. */
export function moment(at: string): string {
  const zone = document.querySelector<HTMLElement>("[data-zone]")?.dataset.zone;
  const style = { dateStyle: "medium", timeStyle: "short" } as const;
  return new Intl.DateTimeFormat(WORDS.locale, { ...style, timeZone: zone }).format(new Date(at));
}
