// Shows what was typed as a password, for whoever mistypes on glass.
export function reveal() {
  for (const button of document.querySelectorAll("[data-reveal]")) {
    const field = document.getElementById(button.dataset.reveal);
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = field.type === "password";
      field.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
      button.textContent = shown ? button.dataset.hide : button.dataset.show;
      field.focus();
    });
    field.form.addEventListener("submit", () => { field.type = "password"; }); // so that it is kept as one
  }
}
