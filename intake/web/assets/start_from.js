// 从常用答复开始: writes the chosen words into the box of their form and keeps what stands there; without script the link leads to the same.
export function startFrom() {
  document.addEventListener("click", event => {
    const link = event.target.closest("[data-start-from]");
    const box = link?.closest("form")?.querySelector("textarea[name=words]");
    if (!box || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { words } = link.dataset;
    const typed = box.value.trimEnd();
    box.value = typed ? `${typed}\n${words}` : words;
    link.closest("details").open = false;
    box.focus();
    const gap = box.value.indexOf("〔", box.value.length - words.length);
    if (gap >= 0) box.setSelectionRange(gap, box.value.indexOf("〕", gap) + 1);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
