import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Plugin } from "vite";

/** One `<symbol>` from a lucide file: its shapes, nothing of its size, class or colour. */
export function symbol(name: string, svg: string): string {
  const shapes = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(svg)?.[1];
  if (!shapes) throw new Error(`The icon ${name} holds no shapes.`);
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s+/g, " ").trim()}</symbol>`;
}

/** The icons named in `list` as one sprite, and the mark of a browser tab: `icons.svg` and `icon.svg` in the manifest. */
export function icons(list: string): Plugin {
  return {
    name: "guildhall-icons",
    apply: "build",
    generateBundle() {
      const names: string[] = JSON.parse(readFileSync(resolve(import.meta.dirname, "..", list), "utf8"));
      const folder = resolve(import.meta.dirname, "../node_modules/lucide-static/icons");
      const symbols = names.map((name) => symbol(name, readFileSync(resolve(folder, `${name}.svg`), "utf8")));
      this.emitFile({
        type: "asset",
        name: "icons.svg",
        originalFileName: "icons.svg",
        source: `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`,
      });
      const mark = readFileSync(resolve(import.meta.dirname, "../icon.svg"), "utf8");
      this.emitFile({ type: "asset", name: "icon.svg", originalFileName: "icon.svg", source: mark });
    },
  };
}
