import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [{
    // As esbuild does: a style sheet is imported as text.
    name: "css-as-text",
    enforce: "pre",
    transform: (code, id) => (id.endsWith(".css") ? `export default ${JSON.stringify(code)};` : null),
  }],
  css: undefined,
  test: { include: ["test/**/*.test.ts"], css: false },
});
