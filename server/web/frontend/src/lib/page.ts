/** The facts the server wrote into the room's page, and finding elements in it. */

/** So many messages are read at once. */
export const PAGE = 50;

export interface RoomFacts {
  channel: string;
  room: string;
  /** The message whose replies the page shows, if not the whole room. */
  root: string | null;
  /** Our person id and name as messages carry them. */
  me: string;
  name: string;
  /** The reader's IANA zone. */
  zone: string;
  /** Highest seq in the page; 0 in an empty room. */
  last: number;
  /** Everything up to this seq has been read before. */
  read: number;
  /** How many were here when the page was made. */
  online: number;
  /** The groups whose mention means the reader. */
  groups: string[];
  /** The groups that the reader may mention. */
  calls: string[];
  /** We teach or keep order: no slow mode holds us back. */
  staff: boolean;
}

export function roomFacts(main: HTMLElement): RoomFacts {
  const given = main.dataset;
  return {
    channel: given.channel ?? "",
    room: given.room ?? "",
    root: given.root ?? null,
    me: given.me ?? "",
    name: given.name ?? "",
    zone: given.zone ?? "UTC",
    last: Number(given.last ?? 0),
    read: Number(given.read ?? 0),
    online: Number(given.online ?? 0),
    groups: (given.groups ?? "").split(" ").filter(Boolean),
    calls: given.mentionsAll === undefined ? ["teachers"] : ["teachers", "room"],
    staff: given.staff !== undefined,
  };
}

/** The element, which the template promises. */
export function the<T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T {
  const found = within.querySelector<T>(selector);
  if (!found) throw new Error(`The page has no ${selector}.`);
  return found;
}

/** A fresh copy of the first element of a `<template>`. */
export function copy(template: string): HTMLElement {
  const made = the<HTMLTemplateElement>(`template#${template}`).content.firstElementChild;
  return made?.cloneNode(true) as HTMLElement;
}
