// Makes dist/ from src/, or (with a folder as argument) the same somewhere else:
// npm run puzzle, in sdk/typescript, whose tools it uses.
import { copyFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("./", import.meta.url));
const { build } = createRequire(`${here}../../sdk/typescript/`)("esbuild");
const out = process.argv[2] ?? `${here}dist`;

mkdirSync(out, { recursive: true });
for (const name of ["index.html", "style.css", "icon.svg"]) {
  copyFileSync(`${here}src/${name}`, `${out}/${name}`);
}
await build({
  entryPoints: [`${here}src/main.ts`],
  outfile: `${out}/puzzle.js`,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  banner: { js: "// Generated from examples/puzzle/src by examples/puzzle/build.js" },
});
