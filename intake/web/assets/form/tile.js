// One photo: its picture, a line about how it goes, and what can be done with it.
import { thumbnail } from "./shrink.js";
import { make } from "./words.js";

const SIDE = 192;

export function tile(blob, name, ...buttons) {
  const made = make("li", {});
  const picture = make("span", { className: "shot" });
  const note = make("span", { className: "quiet" });
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", name);
  made.append(picture, note, ...buttons);
  if (blob) thumbnail(blob, SIDE).then(canvas => picture.append(canvas));
  return Object.assign(made, { say: words => { note.textContent = words; } });
}
