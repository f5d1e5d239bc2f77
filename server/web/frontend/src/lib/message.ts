/** The shapes that travel: a message as CONTRACT's wire and HTTP both send it, and the answers to our events. */

export interface Author {
  id: string;
  name: string;
  avatar: string | null;
  /** It wrote by a webhook, and is no member. */
  program?: true;
}

export interface Reaction {
  emoji: string;
  count: number;
}

/** A file of a message; its addresses are stable, and lead on whoever sees the message. */
export interface FileOf {
  id: string;
  name: string;
  kind: "image" | "audio" | "file";
  url: string;
  size: number;
  width: number | null;
  height: number | null;
  thumbnail: string | null;
  seconds: number | null;
}

/** What the first link of a message leads to. */
export interface Preview {
  url: string;
  title: string;
  description: string;
  site: string;
}

/** A poll as it stands; `mine` is there where it was told to us alone. */
export interface Poll {
  options: { text: string; count: number }[];
  voters: number;
  several: boolean;
  anonymous: boolean;
  ends_at: string | null;
  closed: boolean;
  /** Grows with each change. */
  v: number;
  mine?: number[];
}

export interface Message {
  id: string;
  room: string;
  seq: number;
  author: Author;
  body: string;
  /** Sanitised by the server; still read through an allow-list (`markup.ts`). */
  html: string;
  created_at: string;
  edited_at: string | null;
  deleted: boolean;
  /** A moderator took its words away; they may come back. */
  hidden: boolean;
  reply_to: string | null;
  thread: { count: number; last_seq: number | null } | null;
  reactions: Reaction[];
  files?: FileOf[];
  preview?: Preview;
  poll?: Poll | null;
}

export interface Joined {
  room: string;
  head_seq: number;
  online: number;
}

export interface Synced {
  messages: Message[];
  head_seq: number;
  reset?: boolean;
}

export interface Posted {
  id: string;
  seq: number;
}

export interface PresenceChange {
  room: string;
  v: number;
  online: number;
  joined?: Person[];
  left?: (Person | string)[];
  /** The answer to `presence.watch`: nobody else is known to be here. */
  whole?: boolean;
}

/** How many messages of a room are unread, and how many of them mention the reader. */
export interface Unread {
  unread: number;
  mentions: number;
}

export interface Person {
  id: string;
  name: string;
}

/** A notice for this person alone, such as a certificate that is ready. */
export interface Notice {
  id?: string;
  kind: string;
  title?: string;
  text?: string;
  /** A certificate's public code. */
  code?: string;
  url?: string;
  /** What moderators decided, and whether they took it back. */
  decision?: string;
  undone?: boolean;
  /** A mention or a reply: who wrote it in which room, and how often the thread rang since it was last read. */
  by?: string;
  room?: string;
  room_name?: string;
  times?: number;
}

/** Why a member may not write, in a sentence, and until when; without a sentence they may again. */
export interface Mute {
  said: string;
  until: string | null;
}
