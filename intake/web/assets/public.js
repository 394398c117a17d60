// A shared link: the phone's own sheet where it has one, else the address is copied; without either the button stays hidden.
const said = button => { button.querySelector("span").textContent = button.dataset.done; };

export function offerToShare(root) {
  for (const button of root.querySelectorAll("[data-share]")) {
    const link = { title: document.title, url: button.dataset.share };
    if (navigator.share) {
      // Whoever closes the sheet again has not failed.
      button.addEventListener("click", () => navigator.share(link).catch(() => {}));
    } else if (navigator.clipboard) {
      button.querySelector("span").textContent = button.dataset.copy;
      button.addEventListener("click", () => navigator.clipboard.writeText(link.url).then(() => said(button)));
    } else continue;
    button.hidden = false;
  }
}

offerToShare(document);
