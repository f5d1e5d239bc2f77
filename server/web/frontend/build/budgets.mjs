// What each kind of page may cost on the wire: brotli bytes of its scripts and its styles, shared chunks counted in.
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";

const KB = 1024;
const BUDGETS = {
  public: { js: 2 * KB, css: 11 * KB },
  sheet: { js: 2 * KB, css: 11 * KB },
  room: { js: 20 * KB, css: 12 * KB },
  lesson: { js: 6 * KB, css: 12 * KB },
  fresh: { js: 3 * KB, css: 12 * KB },
  notices: { js: 3 * KB, css: 12 * KB },
  order: { js: 12 * KB, css: 12 * KB },
  profile: { js: 6 * KB, css: 12 * KB },
  studio: { js: 8 * KB, css: 12 * KB },
};

const dist = resolve(import.meta.dirname, "../../static/dist");
const manifest = JSON.parse(readFileSync(resolve(dist, ".vite/manifest.json"), "utf8"));

/** @param {string} key @param {Set<string>} files */
function collect(key, files) {
  const chunk = manifest[key];
  for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file);
  for (const other of chunk.imports ?? []) collect(other, files);
  return files;
}

/** @param {Set<string>} files @param {string} end */
function weigh(files, end) {
  const sizes = [...files]
    .filter((file) => file.endsWith(end))
    .map((file) => statSync(resolve(dist, `${file}.br`)).size);
  return sizes.reduce((sum, size) => sum + size, 0);
}

const over = Object.entries(BUDGETS).flatMap(([entry, budget]) => {
  const files = collect(`src/entries/${entry}.ts`, new Set([manifest["styles/house.css"].file]));
  return Object.entries(budget).flatMap(([kind, most]) => {
    const size = weigh(files, `.${kind}`);
    console.log(`${entry.padEnd(8)} ${kind.padEnd(4)} ${String(size).padStart(6)} of ${most} bytes`);
    return size > most ? [`${entry} ${kind}: ${size} bytes, ${size - most} over its budget`] : [];
  });
});
if (over.length) {
  console.error(over.join("\n"));
  process.exit(1);
}
