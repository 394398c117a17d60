// A page that says what was refused opens with the focus on it (`autofocus`); older browsers know that of fields alone.
export function toRefused() {
  const at = document.activeElement;
  if (!at || at === document.body) document.querySelector("#main [autofocus]")?.focus();
}
