// The photos of one report, until it is sent: chosen or taken, made smaller, shown, taken away again.
import { shrink } from "../form/shrink.js";
import { tile } from "../form/tile.js";
import { button, fill, make } from "../form/words.js";

const MOST = 6;

export function choosePhotos(part) {
  const field = part.querySelector("input"), words = part.dataset, chosen = [], atWork = new Set();
  const list = make("ul", { className: "tiles" }), note = make("p", { className: "quiet", role: "status" });
  const press = make("label", { className: "add", htmlFor: field.id }, make("span", { textContent: words.add }));
  press.append(field);
  part.classList.add("tiled");
  part.querySelector(".field").append(list, press, note);
  field.addEventListener("change", () => {
    const files = [...field.files], room = MOST - chosen.length;
    field.value = ""; // sent from here, not by the field
    note.textContent = files.length > room ? fill(words.tooMany, { most: MOST }) : "";
    for (const file of files.slice(0, room)) take(file);
  });

  function take(file) {
    const photo = add(file.name, file), work = shrink(file).then(blob => { if (blob !== file) Object.assign(photo, { blob, name: "photo.jpg" }); });
    atWork.add(work);
    work.finally(() => atWork.delete(work));
  }

  function add(name, blob) {
    const photo = { name, blob }, item = tile(blob, fill(words.name, { number: chosen.length + 1 }));
    item.append(button(words.remove, () => {
      chosen.splice(chosen.indexOf(photo), 1);
      item.remove();
      limit();
      field.focus();
    }, true));
    chosen.push(photo);
    list.append(item);
    limit();
    return photo;
  }

  function limit() {
    press.hidden = chosen.length >= MOST;
  }

  return {
    add,
    ready: () => Promise.allSettled([...atWork]),
    files: () => chosen.map(({ name, blob }) => [name, blob]),
    empty() { chosen.length = 0; list.replaceChildren(); note.textContent = ""; limit(); },
  };
}
