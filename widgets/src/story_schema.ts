// Reading of the `data` trait of a story view; the shape is that of schema/story.schema.json.
import { list, oneOf, record, text } from "./read";

export const CERTAINTIES = ["fact", "guaranteed", "learned", "measured", "warning", "error"] as const;
export type Certainty = (typeof CERTAINTIES)[number];

export interface StoryData {
  readonly title: string;
  readonly sentences: readonly { readonly certainty: Certainty; readonly text: string }[];
  readonly code: readonly { readonly title: string; readonly code: string }[];
}

/** The story, or `SchemaError` naming the field that is wrong. */
export function parseStory(value: unknown): StoryData {
  const d = record(value, "data");
  return {
    title: text(d, "title"),
    sentences: list(d, "sentences", (v, at) => {
      const s = record(v, at);
      return { certainty: oneOf(s["certainty"], CERTAINTIES, `${at}.certainty`), text: text(s, "text") };
    }),
    code: list(d, "code", (v, at) => {
      const c = record(v, at);
      return { title: text(c, "title"), code: text(c, "code") };
    }),
  };
}
