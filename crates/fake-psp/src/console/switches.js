// The switches: how the fake is set up, changed while it runs.

import { act, again, get } from "/_fake/console/api.js";
import { command, copyable, empty, h, list, show, toggle } from "/_fake/console/dom.js";
import { t } from "/_fake/console/words.js";

/** What is above already, or among the webhooks. */
const SHOWN = ["secret_keys", "public_url", "webhook_urls"];

/** What can be set only when the fake is started. */
const FIXED = ["idempotency_days"];

export default {
  id: "switches",
  label: () => t("설정", "Switches"),
  kinds: ["config"],
  open,
};

function open(view, world) {
  const keys = h("div.settings", {});
  const search = h("input", { type: "search", placeholder: t("설정 이름", "name of a switch"), ariaLabel: t("검색", "Search"), oninput: () => refresh() });
  const rows = h("div.settings", {});
  const nothing = h("div", {});
  view.append(h("section.wide", {},
    h("h2", {}, t("키", "Keys")), keys,
    h("h2", {}, t("설정", "Switches"), search),
    h("p.lead", {}, t("토스가 문서에 밝히지 않은 동작은 여기서 고를 수 있습니다. 바꾸면 바로 적용됩니다.", "What Toss does not document can be chosen here. A change counts at once.")),
    rows, nothing,
    command(`curl -s -X PATCH ${world.summary.url}/_fake/config -H 'content-type: application/json' -d '{"ready_minutes":5}'`)));

  const refresh = again(async () => {
    const config = await get("/_fake/config");
    const { url, merchant_id, secret_keys, client_keys, security_keys } = world.summary;
    const known = [["URL", [url]], ["mId", [merchant_id]], [t("시크릿 키", "secret key"), secret_keys], [t("클라이언트 키", "client key"), client_keys], [t("보안 키", "security key"), security_keys]];
    list(keys, known, ([name]) => name, ([name, values]) => h("div.setting", {}, h("span.muted", {}, name), h("span", {}, values.map((value) => copyable(value)))));
    const wanted = search.value.trim().toLowerCase();
    const found = Object.entries(config).filter(([name]) => name.includes(wanted) && !SHOWN.includes(name));
    list(rows, found, ([name]) => name, ([name, value]) => row(name, value));
    rows.hidden = !found.length;
    show(nothing, found.length === 0, (none) => none && empty(t("그런 설정이 없습니다", "No such switch"), ""));
  });

  function row(name, value) {
    const set = async (to) => {
      await act("PATCH", "/_fake/config", { [name]: to }, name);
      refresh();
    };
    return h("div.setting", {}, h("div", {}, h("code", {}, name)), field(name, value, set));
  }
  return { refresh };
}

function field(name, value, set) {
  if (FIXED.includes(name)) return h("code.muted", { title: t("시작할 때만 정할 수 있습니다", "can be set only at the start") }, JSON.stringify(value));
  if (typeof value === "boolean") return toggle(value, name, set);
  if (typeof value === "number") return h("input", { type: "number", value, ariaLabel: name, onchange: (event) => set(Number(event.target.value)) });
  if (typeof value === "string") return h("input", { value, ariaLabel: name, onchange: (event) => set(event.target.value) });
  return h("input", { value: JSON.stringify(value), ariaLabel: name, onchange: (event) => setJson(event.target, set) });
}

function setJson(input, set) {
  try {
    set(JSON.parse(input.value));
    input.setCustomValidity("");
  } catch {
    input.setCustomValidity(t("JSON으로 적으세요: null, 5, [\"a\"]", "Write JSON: null, 5, [\"a\"]"));
    input.reportValidity();
  }
}
