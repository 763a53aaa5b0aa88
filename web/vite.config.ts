// What `npm run build` makes: the page and its files, in the Python package, whose graphiql.py serves them.
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const OUT = "../graph/api/web";
const FILES = "graphiql";

/** All but the page is kept packed: nearly every client takes it as it is, and it is a third of the size. */
const packed: Plugin = {
  name: "packed",
  async writeBundle() {
    const folder = join(import.meta.dirname, OUT, FILES);
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      await writeFile(`${path}.gz`, await promisify(gzip)(await readFile(path), { level: 9 }));
      await rm(path);
    }
  },
};

export default defineConfig({
  base: "./", // relative to the page, so that it works below any prefix
  build: {
    outDir: OUT,
    emptyOutDir: true,
    assetsDir: FILES,
    assetsInlineLimit: 0, // the content security policy knows no data: but for fonts
    chunkSizeWarningLimit: 10_000, // an editor is large
    modulePreload: { polyfill: false },
    target: "es2022",
    rolldownOptions: {
      // "use client" means something to servers that render React, and nothing here
      onLog: (level, log, handler) => log.code === "MODULE_LEVEL_DIRECTIVE" || handler(level, log),
    },
  },
  plugins: [packed],
});
