// Webhooks: where they go, what was sent, what was answered, and sending one again.

import { again, get } from "/_fake/console/api.js";
import { command, empty, h, list, show } from "/_fake/console/dom.js";
import { moment, t } from "/_fake/console/words.js";
import { delivered } from "/_fake/console/timeline.js";

const LIMIT = 300;

export default {
  id: "webhooks",
  label: () => t("웹훅", "Webhooks"),
  kinds: ["webhooks"],
  open,
};

function open(view, world) {
  const body = h("tbody", {});
  const heads = [t("시각", "When"), t("이벤트", "Event"), t("주문", "Order"), t("주소", "To"), t("시도", "Attempts"), t("답", "Answer")];
  const table = h("table", {}, h("thead", {}, h("tr", {}, heads.map((name) => h("th", {}, name)))), body);
  const nothing = h("div", {});
  view.append(h("section.wide", {},
    h("div.scroll", {}, table), nothing));

  const refresh = again(async () => {
    const sent = await get("/_fake/webhooks");
    const found = letters(sent).slice(0, LIMIT);
    list(body, found, (letter) => letter.key, (letter) => row(letter));
    table.hidden = !found.length;
    show(nothing, found.length === 0, (none) => none && (world.summary.counts.webhook_urls
      ? empty(t("아직 보낸 웹훅이 없습니다", "Nothing was sent yet"), t("결제가 승인, 취소, 만료되면 여기에 보입니다.", "Approvals, cancels and expiries show up here."))
      : empty(t("웹훅을 받을 주소가 없습니다", "No URL to send webhooks to"), t("가짜를 이렇게 시작하세요:", "Start the fake like this:"),
        command("fake-psp --webhook-url http://127.0.0.1:3000/webhook"))));
  });

  function row({ url, event, order_id, status, forged, tries }) {
    const last = tries.at(-1);
    return h("tr", {}, h("td", {}, h("time", {}, moment(last.at))),
      h("td", {}, h("b", {}, event), " ", h("small", {}, status), forged && h("span.badge.fault", {}, "forge")),
      h("td", {}, h("small", {}, order_id)), h("td", {}, h("code", {}, url)),
      h("td", {}, h("span.marks", {}, tries.map((one) => h("span", { title: `${moment(one.at)} ${one.outcome.Err ?? ""}` }, delivered(one.outcome))))),
      h("td", {}, h("small", {}, last.outcome.Err ?? String(last.outcome.Ok))));
  }
  return { refresh };
}

/** Attempts of the same webhook to the same URL together, the newest first. */
function letters(attempts) {
  const found = new Map();
  for (const one of attempts) {
    const key = `${one.id} ${one.url}`;
    const letter = found.get(key) ?? { ...one, key, tries: [] };
    letter.tries.push({ at: one.at, outcome: one.outcome });
    found.set(key, letter);
  }
  return [...found.values()].sort((a, b) => (a.tries.at(-1).at < b.tries.at(-1).at ? 1 : -1));
}
