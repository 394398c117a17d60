// The worker's side of a member's pages: which of those that lie on the phone stands in for one that the network didn't bring.
import { nextKept } from "./keeping.js";
import { keptPage, store } from "./store.js";

export const MEMBER_PAGE = /^\/m(\/|$)/;
const NEXT = "/m/next", LIST = "/m/kept", CARD = "/m/cards/";

// `/m/next` leads to the first card that nothing was decided about; another page that isn't here becomes the list of what is.
export async function keptInPlace({ pathname, searchParams }) {
  if (pathname === NEXT) {
    const skipped = searchParams.getAll("skip"), card = await first(skipped.map(id => CARD + id));
    if (card) return Response.redirect(`${card.path}${skipped.length ? `?${new URLSearchParams(skipped.map(id => ["skip", id]))}` : ""}`, 303);
  }
  const page = (await keptPage(pathname)) ?? (await keptPage(LIST));
  if (!page) return null;
  // It says of itself how old it is (deck.js, kept.js).
  const html = page.html.replace("<html ", `<html data-kept="${page.at}" `);
  return new Response(html, { headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": page.policy } });
}

async function first(past) {
  const list = await keptPage(LIST), waiting = await (await store()).getAll("waiting");
  return list && nextKept(list.who, waiting.filter(entry => entry.who === list.who), past);
}
