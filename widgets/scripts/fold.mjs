// Style sheets say the same things over and over; in the module each of these is written once. `unfold` in
// src/styles.ts undoes it.
const FIRST = 0xa1;
const MOST = 140;
const BOUNDARY = /[\s(){};:,.#-]/;
const ROUND = 20;

const bytes = (text) => Buffer.byteLength(text);
const count = (text, part) => text.split(part).length - 1;
/** Bytes saved by writing `part` once in the list and a mark of two bytes wherever it stands. */
const gain = (text, part) => count(text, part) * (bytes(part) - 2) - bytes(part) - 1;

/** Parts joined by line feeds, NUL, then the text with a mark for each part; later parts may hold earlier marks. */
export function fold(text) {
  const words = [];
  if (/[\0\n\u00a1-\u02ff]/.test(text)) throw new Error("a style sheet holds a character that marks a fold");
  while (words.length < MOST) {
    const found = candidates(text).slice(0, ROUND);
    let gained = false;
    for (const part of found) {
      if (words.length >= MOST || gain(text, part) < 4) continue;
      text = text.replaceAll(part, String.fromCharCode(FIRST + words.length));
      words.push(part);
      gained = true;
    }
    if (!gained) break;
  }
  return `${words.join("\n")}\0${text}`;
}

/** Repeated parts that begin at a boundary, most worth first; ties in alphabetical order, so that a rebuild is the same. */
function candidates(text) {
  const seen = new Map();
  for (let i = 0; i < text.length; i += 1) {
    if (i > 0 && !BOUNDARY.test(text[i - 1]) && !BOUNDARY.test(text[i]) && text.charCodeAt(i) < FIRST) continue;
    for (let n = 3; n <= 56; n += n < 20 ? 1 : 4) {
      const part = text.slice(i, i + n);
      if (part.length === n) seen.set(part, (seen.get(part) ?? 0) + 1);
    }
  }
  return [...seen].filter(([, n]) => n > 1).map(([part, n]) => [part, n * (bytes(part) - 2) - bytes(part) - 1])
    .filter(([, g]) => g > 3).sort(([a, g], [b, h]) => h - g || (a < b ? -1 : 1)).map(([part]) => part);
}
