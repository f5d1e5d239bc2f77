import { readdirSync } from "node:fs";
import { basename, resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { compress } from "./build/compress.ts";
import { icons } from "./build/icons.ts";
import { slim } from "./build/slim.ts";

const entries = readdirSync(resolve(import.meta.dirname, "src/entries")).filter((name) => name.endsWith(".ts"));

export default defineConfig({
  base: "/static/dist/",
  publicDir: false,
  plugins: [slim(), icons("icons.json"), compress()],
  css: {
    transformer: "lightningcss",
    lightningcss: { targets: { chrome: 125 << 16, firefox: 128 << 16, safari: 18 << 16 } },
  },
  build: {
    target: ["chrome125", "firefox128", "safari18"],
    outDir: "../static/dist",
    emptyOutDir: true,
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    cssMinify: "lightningcss",
    rolldownOptions: {
      // Small modules that most pages share cost less as one.
      output: {
        codeSplitting: { groups: [{ name: "base", test: /lib.(api|page|refusal|words)\.ts|preload-helper/ }] },
      },
      input: {
        house: "styles/house.css",
        ...Object.fromEntries(entries.map((name) => [basename(name, ".ts"), `src/entries/${name}`])),
      },
    },
  },
  test: { include: ["src/**/*.test.ts", "build/**/*.test.ts"], setupFiles: "build/nopage.ts" },
});
