// Sentences come from the page, in its language: {name} is filled in.
export const fill = (sentence, values = {}) => sentence.replace(/\{(\w+)\}/g, (_whole, name) => values[name] ?? "");

export function make(kind, properties = {}, ...inside) {
  const made = Object.assign(document.createElement(kind), properties);
  made.append(...inside);
  return made;
}

// A button at full width, or a small one in a line.
export function button(words, act, isSmall = false) {
  const made = make("button", { type: "button", className: isSmall ? "plain" : "weui-btn weui-btn_default", textContent: words });
  made.addEventListener("click", act);
  return made;
}
