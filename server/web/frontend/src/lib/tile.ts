/** A person's mark until there is a picture: the rule of `server/web/marks.py`, from the SHA-256 of the id. */

const FIELDS = [
  "M12 0h12v24H12z",
  "M0 12h24v12H0z",
  "M0 0l24 24H0z",
  "M24 0v24H0z",
  "M0 24v-8L12 4l12 12v8L12 12z",
  "M12 0h12v12H12zM0 12h12v12H0z",
  "M12 2l10 10-10 10L2 12z",
  "M0 4h24v4H0zM0 12h24v4H0zM0 20h24v4H0z",
  "M4 0h4v24H4zM12 0h4v24h-4zM20 0h4v24h-4z",
  "M3 0h18l-9 22z",
  "M0 0h12v12zM24 0v12H12zM24 24H12V12zM0 24V12h12z",
  "M6 6h12v12H6z",
  "M12 5a7 7 0 1 1 0 14a7 7 0 0 1 0-14z",
  "M0 24L12 8l12 16z",
  "M0 12q6-7 12 0t12 0v12H0z",
  "M0 0h8v8H0zM16 0h8v8h-8zM8 8h8v8H8zM0 16h8v8H0zM16 16h8v8h-8z",
];
const SVG = "http://www.w3.org/2000/svg";

/** The tile, filled in as soon as the hash is known; on a plain-http host (no WebCrypto) it stays plain. */
export function tile(id: string, size = ""): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `tile ${size}`.trim());
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const ground = svg.appendChild(document.createElementNS(SVG, "path"));
  ground.setAttribute("d", "M0 0h24v24H0z");
  const field = svg.appendChild(document.createElementNS(SVG, "path"));
  void crypto.subtle?.digest("SHA-256", new TextEncoder().encode(id)).then((hash) => {
    const [which = 0, hue = 0, tone = 0] = new Uint8Array(hash);
    svg.classList.add(`h${hue % 12}`);
    field.setAttribute("d", FIELDS[which % 16] ?? "");
    ground.setAttribute("class", tone & 1 ? "a" : "b");
    field.setAttribute("class", tone & 1 ? "b" : "a");
  });
  return svg;
}

/** A picture where there is one, else the tile. */
export function portrait(person: { id: string; avatar?: string | null }, size = ""): Element {
  if (!person.avatar) return tile(person.id, size);
  const image = document.createElement("img");
  image.src = person.avatar;
  image.alt = "";
  image.className = `tile ${size}`.trim();
  return image;
}
