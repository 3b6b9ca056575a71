// Webhooks: where they go, what was sent, what was answered, and sending one again.

import { act, again, get } from "/_fake/console/api.js";
import { command, empty, h, list, show } from "/_fake/console/dom.js";
import { moment, t } from "/_fake/console/words.js";
import { delivered } from "/_fake/console/timeline.js";

const URLS = "/_fake/webhooks/urls";
const LIMIT = 300;

export default {
  id: "webhooks",
  label: () => t("웹훅", "Webhooks"),
  kinds: ["webhooks"],
  open,
};

function open(view, world) {
  const hooks = h("div.settings", {});
  const field = h("input", { type: "url", placeholder: "http://127.0.0.1:3000/webhook", ariaLabel: "URL", required: true });
  const form = h("form.inline", { onsubmit: addHook }, field, h("button.primary", {}, t("주소 추가", "Add URL")));
  const body = h("tbody", {});
  const heads = [t("시각", "When"), t("이벤트", "Event"), t("주문", "Order"), t("주소", "To"), t("시도", "Attempts"), t("답", "Answer"), ""];
  const table = h("table", {}, h("thead", {}, h("tr", {}, heads.map((name) => h("th", {}, name)))), body);
  const nothing = h("div", {});
  view.append(h("section.wide", {},
    h("h2", {}, t("받는 주소", "URLs")), hooks, form,
    h("h2", {}, t("전송 기록", "Deliveries")), h("div.scroll", {}, table), nothing));

  async function addHook(event) {
    event.preventDefault();
    if (await act("POST", URLS, { url: field.value.trim() }, t("추가했습니다", "Added"))) field.value = "";
  }

  const refresh = again(async () => {
    const [urls, sent] = await Promise.all([get(URLS), get("/_fake/webhooks")]);
    list(hooks, urls, (hook) => hook.url, drawHook);
    hooks.hidden = !urls.length;
    const found = letters(sent).slice(0, LIMIT);
    list(body, found, (letter) => letter.key, (letter) => row(letter));
    table.hidden = !found.length;
    show(nothing, [found.length > 0, urls.length > 0], ([some, where]) => some ? null : where
      ? empty(t("아직 보낸 웹훅이 없습니다", "Nothing was sent yet"), t("결제가 승인, 취소, 만료되면 여기에 보입니다.", "Approvals, cancels and expiries show up here."))
      : empty(t("웹훅을 받을 주소가 없습니다", "No URL to send webhooks to"), t("위에 가맹점 서버의 주소를 적으세요. 명령으로는:", "Write your server's above. By command:"),
        command(`curl -s ${world.summary.url}${URLS} -H 'content-type: application/json' -d '{"url":"http://127.0.0.1:3000/webhook"}'`)));
  });

  function drawHook(hook) {
    return h("div.setting", {}, h("div", {}, h("code", {}, hook.url), " ", h("small", {}, hook.events?.length ? hook.events.join(", ") : t("모든 이벤트", "all events"))),
      h("button.plain", { type: "button", onclick: () => act("DELETE", URLS, { url: hook.url }, t("지웠습니다", "Removed")) }, t("지우기", "Remove")));
  }

  function row({ key, id, url, event, order_id, status, forged, tries }) {
    const last = tries.at(-1);
    return h("tr", {}, h("td", {}, h("time", {}, moment(last.at))),
      h("td", {}, h("b", {}, event), " ", h("small", {}, status), forged && h("span.badge.fault", {}, "forge")),
      h("td", {}, h("small", {}, order_id)), h("td", {}, h("code", {}, url)),
      h("td", {}, h("span.marks", {}, tries.map((one) => h("span", { title: `${moment(one.at)} ${one.outcome.Err ?? ""}` }, delivered(one.outcome))))),
      h("td", {}, h("small", {}, last.outcome.Err ?? String(last.outcome.Ok))),
      h("td.end", {}, h("button", { type: "button", onclick: () => act("POST", `/_fake/webhooks/${encodeURIComponent(id)}/resend`, undefined, t("다시 보냈습니다", "Sent again")) }, t("다시 보내기", "Resend"))));
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
