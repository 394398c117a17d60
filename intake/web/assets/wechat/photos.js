// Photos from WeChat's album or camera: uploaded to the platform one after another, and named to us by what it calls them.
const MOST = 9;

export function choosePhotos(wx, part) {
  if (!part) return;
  const list = part.querySelector("ul"), button = part.querySelector("button"), note = part.querySelector("[role=status]");
  const chosen = () => part.querySelectorAll("input[name=photo]").length;
  part.hidden = false;
  const chooser = document.querySelector("[data-chooser]"); // the browser's own, unless something was chosen there already
  if (chooser && !chooser.querySelector("input").files.length && !chooser.querySelector("li")) chooser.hidden = true;
  for (const field of part.querySelectorAll(":scope > input[name=photo]")) list.append(line(field, null)); // from before a refusal
  limit();
  button.addEventListener("click", () => {
    note.textContent = "";
    wx.chooseImage({
      count: MOST - chosen(), sizeType: ["compressed"], sourceType: ["album", "camera"],
      success: async found => {
        button.disabled = true;
        let failed = false;
        for (const localId of found.localIds) failed = !(await add(localId)) || failed;
        button.disabled = false;
        if (failed) note.textContent = part.dataset.failed;
        limit();
      },
    });
  });

  async function add(localId) {
    const serverId = await ask("uploadImage", { localId, isShowProgressTips: 1 }, "serverId");
    if (!serverId) return false;
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "photo", value: serverId });
    list.append(line(field, await ask("getLocalImgData", { localId }, "localData")));
    return true;
  }

  function line(field, data) {
    const item = document.createElement("li"), away = document.createElement("button");
    item.append(field, data ? picture(data) : part.dataset.name);
    Object.assign(away, { type: "button", className: "plain", textContent: part.dataset.remove });
    away.addEventListener("click", () => { item.remove(); limit(); button.focus(); });
    item.append(away);
    return item;
  }

  function picture(data) {
    const image = document.createElement("img");
    // Android gives the bytes alone, iOS a type of its own spelling.
    image.src = data.startsWith("data:") ? data.replace("image/jgp", "image/jpeg") : `data:image/jpeg;base64,${data}`;
    image.alt = part.dataset.name;
    return image;
  }

  function limit() {
    button.hidden = chosen() >= MOST;
  }

  function ask(what, wanted, name) {
    return new Promise(tell => wx[what]({ ...wanted, success: answer => tell(answer[name]), fail: () => tell(null), cancel: () => tell(null) }));
  }
}
