/**
 * The server's sanitised HTML → nodes, without any HTML parser of the browser, so that it works under
 * `require-trusted-types-for 'script'; trusted-types 'none'`, where innerHTML and DOMParser refuse every string.
 *
 * Reads what html5ever (nh3) writes: quoted attributes, five entities. Whatever is not on the list becomes its text.
 */

const TAGS = new Set(
  "a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i li ol p pre s span strong table tbody td th thead tr ul".split(
    " ",
  ),
);
const EMPTY = new Set(["br", "hr"]);
const TOKEN = /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+="[^"]*")*)\s*\/?>|[^<]+|</gi;
const ATTRIBUTE = /([a-z-]+)="([^"]*)"/gi;
const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', nbsp: "\u00a0", amp: "&" };
const DEEPEST = 30;

export function read(html: string): DocumentFragment {
  const root = document.createDocumentFragment();
  const open: (DocumentFragment | Element)[] = [root];
  for (const [text, close, tag, attributes] of html.matchAll(TOKEN)) {
    const top = open[open.length - 1] as Element;
    if (!tag) top.append(plain(text));
    else if (close) shut(open, tag.toLowerCase());
    else if (TAGS.has(tag.toLowerCase())) {
      const element = dressed(tag.toLowerCase(), attributes ?? "");
      top.append(element);
      if (!EMPTY.has(element.localName) && open.length < DEEPEST) open.push(element);
    }
  }
  return root;
}

function shut(open: (DocumentFragment | Element)[], tag: string): void {
  const at = open.findLastIndex((node) => node instanceof Element && node.localName === tag);
  if (at > 0) open.length = at;
}

function dressed(tag: string, attributes: string): Element {
  const element = document.createElement(tag);
  for (const [, name, value] of attributes.matchAll(ATTRIBUTE)) {
    const given = plain(value ?? "");
    if (name === "href" && tag === "a" && safe(given)) link(element, given);
    if (name === "class" && /^(mention|language-[a-z0-9]+)$/.test(given)) element.className = given;
    if (tag === "span" && (name === "data-member" || name === "data-group")) element.setAttribute(name, given);
    if (name === "dir" && given === "auto") element.setAttribute("dir", "auto");
  }
  if (tag === "p") element.setAttribute("dir", "auto");
  return element;
}

function link(element: Element, address: string): void {
  element.setAttribute("href", address);
  element.setAttribute("rel", "noopener noreferrer nofollow ugc");
}

/** http, https, mailto, or a path of ours; `//host` is another's. */
function safe(address: string): boolean {
  return /^(https?:\/\/|mailto:|\/(?!\/)|#)/i.test(address) && !/[\p{Cc}\\]/u.test(address);
}

function plain(text: string): string {
  return text.replace(/&(lt|gt|quot|nbsp|amp);/g, (_all, name: string) => ENTITIES[name] ?? "");
}
