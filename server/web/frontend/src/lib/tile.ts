/** A person's mark until there is a picture: the rule of `server/web/marks.py`, whose fields the page brings along. */
import { the } from "./page.ts";

/** The tile as soon as the hash of the id is known; on a plain-http host (no WebCrypto) it stays a plain square. */
export function tile(id: string, size = ""): Element {
  const plain = document.createElement("i");
  plain.className = `tile ${size}`;
  void crypto.subtle?.digest("SHA-256", new TextEncoder().encode(id)).then((hash) => {
    plain.replaceWith(drawn(new Uint8Array(hash), size));
  });
  return plain;
}

function drawn([division = 0, pigment = 0, tone = 0]: Uint8Array, size: string): Element {
  const { children } = the<HTMLTemplateElement>("#t-fields").content;
  const field = children[division % children.length]?.cloneNode(true) as Element;
  field.setAttribute("class", `tile h${pigment % 12} ${size}`);
  if (!(tone & 1))
    for (const part of field.children) part.classList.replace("a", "b") || part.classList.replace("b", "a");
  return field;
}

/** A picture where there is one, else the tile. */
export function portrait(person: { id: string; avatar?: string | null }, size = ""): Element {
  if (!person.avatar) return tile(person.id, size);
  const image = document.createElement("img");
  image.src = person.avatar;
  image.alt = "";
  image.className = `tile ${size}`;
  return image;
}
