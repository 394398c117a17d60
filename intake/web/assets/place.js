// Coming back to the queue from a card that is gone from it: where the eye was, not the top.
export function keepPlace() {
  const list = document.querySelector(".waiting");
  if (!list) return;
  const name = `place ${location.pathname}${location.search}`;
  try {
    if (location.hash && !document.querySelector(location.hash)) scrollTo(0, Number(sessionStorage.getItem(name)) || 0);
    addEventListener("pagehide", () => sessionStorage.setItem(name, String(Math.round(scrollY))));
  } catch { /* no storage, or a hash that is no id: the top it is */ }
}
