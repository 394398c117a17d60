// One phone in front of the account: what it sends goes to the simulated platform, what the platform knows is shown.
const $ = (id) => document.getElementById(id);
const talk = $("talk");
let who = new URLSearchParams(location.search).get("openid") || localStorage.getItem("who") || "";
let seen = 0;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function link(address, text) {
  const made = element("a", "", text);
  made.href = `/chat/open?openid=${encodeURIComponent(who)}&to=${encodeURIComponent(address)}`;
  made.target = "_blank";
  return made;
}

// Words, with anchors and bare addresses made into links as WeChat does; nothing is ever put in as HTML.
function spoken(bubble, text) {
  const address = /<a href="(https?:\/\/[^"]+)">([^<]*)<\/a>|(https?:\/\/[^\s<>"，。]+)/g;
  let from = 0;
  for (const found of text.matchAll(address)) {
    bubble.append(text.slice(from, found.index), link(found[1] || found[3], found[2] || found[3]));
    from = found.index + found[0].length;
  }
  bubble.append(text.slice(from));
}

function card(message) {
  const made = element("div", "card");
  made.append(element("h3", "", message.title));
  const facts = element("dl");
  message.fields.forEach(([name, value]) => facts.append(element("dt", "", name), element("dd", "", value)));
  made.append(facts);
  if (message.url) made.append(link(message.url, "查看详情"));
  return made;
}

function show(message) {
  const row = element("li", message.from);
  if (message.kind === "card") {
    row.append(card(message));
  } else {
    const bubble = element("div", "bubble");
    if (message.image) {
      const picture = element("img");
      picture.src = message.image;
      picture.alt = message.text;
      bubble.append(picture);
    } else {
      spoken(bubble, message.text);
    }
    row.append(bubble);
  }
  talk.append(row);
}

async function refresh() {
  const answer = await fetch(`/chat/state?openid=${encodeURIComponent(who)}&after=${seen}`);
  if (!answer.ok) return;
  const state = await answer.json();
  if (state.openid !== who) return;
  $("account").textContent = state.account;
  $("leave").hidden = !state.following;
  if (!$("who").options.length) state.people.forEach(([id, name]) => $("who").append(new Option(name, id, false, id === who)));
  $("menu").replaceChildren(...state.menu.map((button) => {
    const made = element("button", "", button.name);
    made.type = "button";
    made.onclick = () => (button.url ? window.open(link(button.url, "").href, "_blank") : act({ do: "menu", key: button.key }));
    return made;
  }));
  $("places").replaceChildren(...state.codes.map((code) => {
    const place = element("li");
    const made = element("button", "", code.name);
    made.onclick = () => act({ do: "scan", scene: code.scene });
    place.append(made);
    return place;
  }));
  const near = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 80;
  state.messages.forEach(show);
  if (state.messages.length) {
    seen = state.messages[state.messages.length - 1].id;
    if (near || state.messages.some((message) => message.from === "me")) talk.scrollTop = talk.scrollHeight;
  }
}

async function act(what) {
  await fetch("/chat/act", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ openid: who, ...what }) });
  await refresh();
}

$("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = $("words").value.trim();
  if (!words) return;
  $("words").value = "";
  act({ do: "text", words });
});
$("more").addEventListener("click", () => {
  $("tray").hidden = !$("tray").hidden;
  $("more").setAttribute("aria-expanded", String(!$("tray").hidden));
});
$("tray").addEventListener("click", (event) => event.target.dataset.do && act({ do: event.target.dataset.do }));
$("scan").addEventListener("click", () => $("codes").showModal());
$("leave").addEventListener("click", () => act({ do: "unfollow" }));
$("who").addEventListener("change", () => {
  who = $("who").value;
  localStorage.setItem("who", who);
  seen = 0;
  talk.replaceChildren();
  refresh();
});

async function begin() {
  const people = (await (await fetch("/chat/people")).json()).people;
  if (!people.some(([id]) => id === who)) who = people[0][0];
  localStorage.setItem("who", who);
  await refresh();
  setInterval(refresh, 1500);
}
begin();
