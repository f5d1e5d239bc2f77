import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { brotliCompressSync, gzipSync, constants as zlib } from "node:zlib";
import type { Plugin, ResolvedConfig } from "vite";

const TEXT = /\.(js|css|svg)$/;

/** `.br` and `.gz` beside each text file; at the very end, because earlier hooks see files that still change. */
export function compress(): Plugin {
  let config: ResolvedConfig;
  return {
    name: "guildhall-compress",
    apply: "build",
    configResolved(resolved) {
      config = resolved;
    },
    closeBundle() {
      const folder = resolve(config.root, config.build.outDir);
      const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => TEXT.test(name));
      for (const file of files) {
        const bytes = readFileSync(resolve(folder, file));
        const quality = { params: { [zlib.BROTLI_PARAM_QUALITY]: 11 } };
        writeFileSync(resolve(folder, `${file}.br`), brotliCompressSync(bytes, quality));
        writeFileSync(resolve(folder, `${file}.gz`), gzipSync(bytes, { level: 9 }));
      }
    },
  };
}
