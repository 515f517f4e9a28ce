import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [{
    // As the build does: style sheets are imported as text, here as they are written.
    name: "css-as-text",
    enforce: "pre",
    transform: (code, id) => (id.endsWith(".css")
      ? `export default ${JSON.stringify(code.replace(/@import "(.+?)";/g, (_, name) => readFileSync(join(dirname(id), name), "utf8")))};`
      : null),
  }],
  css: undefined,
  test: { include: ["test/**/*.test.ts"], css: false },
});
