// Single keys for whoever sits at a keyboard; the buttons show them. They can be switched off (WCAG 2.1.4) and rest while somebody types.
const SWITCH = "keys-off";
const remembered = () => { try { return localStorage.getItem(SWITCH) === "1"; } catch { return false; } };

export function keys() {
  if (!matchMedia("(hover: hover) and (pointer: fine)").matches) return;
  let off = remembered();
  const label = () => {
    document.documentElement.toggleAttribute("data-shortcuts", !off);
    for (const one of document.querySelectorAll("[data-keys]")) { one.hidden = false; one.textContent = off ? one.dataset.on : one.dataset.off; }
  };
  document.addEventListener("click", event => {
    if (!event.target.closest("[data-keys]")) return;
    off = !off;
    try { localStorage.setItem(SWITCH, off ? "1" : "0"); } catch { /* only for this page, then */ }
    label();
  });
  document.addEventListener("keydown", event => {
    if (off || event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const scope = document.querySelector(".more[open] .drawer") ?? document.getElementById("main");
    const one = [...scope.querySelectorAll("[data-key]")].find(any => any.dataset.key === event.key.toLowerCase() && any.checkVisibility());
    if (!one) return;
    event.preventDefault();
    one.focus();
    one.click();
  });
  new MutationObserver(label).observe(document.body, { childList: true });
  label();
}
