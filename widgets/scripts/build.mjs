// Builds the one ES module that ships in the Python package. The output depends on the sources and on the
// pinned esbuild alone, so that a rebuild is the same byte for byte.
import { context, build, transform } from "esbuild";
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fold } from "./fold.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const outdir = fileURLToPath(new URL("../../crysnb/widgets/static", import.meta.url));
const MODULES = { widget: "src/index.ts" };
const LIMIT = 150_000;
const FORBIDDEN = [
  /\beval\s*\(/, /\bnew\s+Function\b/, /\bFunction\s*\(/, /\binnerHTML\b/, /\bouterHTML\b/,
  /\binsertAdjacentHTML\b/, /\bdocument\.write/, /sourceMappingURL/, /<\/script/i,
];

// Styles travel as text inside the module: shortened, and folded, since they repeat themselves.
const styles = {
  name: "styles",
  setup(builder) {
    builder.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const sheets = [...(await readFile(path, "utf8")).matchAll(/@import "(.+?)";/g)].map(([, name]) => join(dirname(path), name));
      const text = (await Promise.all(sheets.map((sheet) => readFile(sheet, "utf8")))).join("\n");
      const { code } = await transform(text, { loader: "css", minify: true, target: "es2022" });
      return { contents: fold(code.trim()), loader: "text", watchFiles: sheets };
    });
  },
};

const options = {
  absWorkingDir: root,
  entryPoints: MODULES,
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  sourcemap: false,
  plugins: [styles],
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  const watcher = await context({ ...options, minify: false });
  await watcher.watch();
} else {
  await build(options);
  for (const name of Object.keys(MODULES)) {
    const outfile = `${outdir}/${name}.mjs`;
    const text = await readFile(outfile, "utf8");
    const found = FORBIDDEN.filter((pattern) => pattern.test(text));
    const { size } = await stat(outfile);
    if (found.length > 0 || size > LIMIT) {
      process.stderr.write(`refused: ${name}.mjs, ${size} bytes (limit ${LIMIT}); forbidden: ${found.join(", ") || "none"}\n`);
      process.exit(1);
    }
    process.stdout.write(`crysnb/widgets/static/${name}.mjs ${size} bytes\n`);
  }
}
