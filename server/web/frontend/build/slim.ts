/**
 * Leaves out what never happens here: of socket.io-client WebTransport and frames that are not text (the server offers
 * and takes neither) and polling by XMLHttpRequest, which its own polling by fetch replaces; of Vite the styles of modules that are loaded late (all styles are the page's own).
 */
import type { Plugin } from "vite";

const LEFT_OUT: Record<string, string> = {
  "vite/preload-helper.js": "export const __vitePreload = (load) => load();",
  "engine.io-client/build/esm/transports/webtransport.js": "export const WT = undefined;",
  "engine.io-client/build/esm/transports/polling-xhr.js": 'export { Fetch as XHR } from "./polling-fetch.js";',
  "socket.io-parser/build/esm/binary.js":
    "export const deconstructPacket = (packet) => ({ packet, buffers: [] });\nexport const reconstructPacket = (packet) => packet;",
  "socket.io-parser/build/esm/is-binary.js":
    "export const isBinary = () => false;\nexport const hasBinary = () => false;",
};

/** What Vite puts around `import("./late.ts")`, so as to load styles with it. */
const AROUND =
  /__vitePreload\((?:async )?\(\) => (?:\{\s*const \{[^}]*\} = await )?(import\([^)]*\))(?:;\s*return \{[^}]*\};\s*\})?, __VITE_PRELOAD__\)/g;

export function slim(): Plugin[] {
  return [without(), plain()];
}

/** A late import is one, and nothing around it. */
function plain(): Plugin {
  return {
    name: "slim-imports",
    apply: "build",
    renderChunk(code) {
      const bare = code.replace(AROUND, "$1").replace(/(?<=import \{.*), \w+ as __vitePreload/, "");
      if (bare.includes("__vitePreload(")) this.error("Vite puts something else around late imports than before.");
      return { code: bare, map: null };
    },
  };
}

function without(): Plugin {
  return {
    name: "slim",
    enforce: "pre",
    load(id) {
      const known = Object.keys(LEFT_OUT).find((path) => id.endsWith(path));
      return known ? LEFT_OUT[known] : null;
    },
  };
}
