// Whoever signs out leaves nothing on a shared phone; the part that looks is fetched only then.
export function watchLeaving() {
  document.addEventListener("submit", event => {
    const form = event.target;
    if (!form.matches("[data-leaving]")) return;
    event.preventDefault();
    import("./member/leaving.js").then(({ leave }) => leave(form)).catch(() => form.submit());
  });
}
