// Faults: presets, the rules that are on, adding one, and the record of what struck.

import { act, again, get } from "/_fake/console/api.js";
import { command, empty, h, list, show, toggle } from "/_fake/console/dom.js";
import { moment, t } from "/_fake/console/words.js";
import { loseNextAnswer } from "/_fake/console/lose.js";
import { matchText, remove, add, resting, verdictText } from "/_fake/console/rules.js";
import { ruleForm } from "/_fake/console/form.js";

const LIMIT = 200;

export default {
  id: "faults",
  label: () => t("장애", "Faults"),
  kinds: ["faults"],
  open,
};

function open(view, world) {
  const presets = h("div.cards", {});
  const rules = h("tbody", {});
  const table = h("table", {}, h("thead", {}, h("tr", {}, ["", t("이름", "Name"), t("언제", "When"), t("무엇을", "What"), t("횟수", "Struck"), ""].map((name) => h("th", {}, name)))), rules);
  const nothing = h("div", {});
  const record = h("tbody", {});
  const log = h("table", {}, h("thead", {}, h("tr", {}, [t("시각", "When"), t("규칙", "Rule"), t("한 일", "What"), t("어디", "Where"), t("주문", "Order")].map((name) => h("th", {}, name)))), record);
  const unstruck = h("div", {});
  view.append(h("section.wide", {},
    h("div.acts", {},
      h("button.primary", { type: "button", onclick: loseNextAnswer }, t("다음 답 잃어버리기", "Lose the next answer")),
      h("button", { type: "button", onclick: heal }, t("모든 장애 끄기", "Switch all faults off"))),
    h("h2", {}, t("프리셋", "Presets")), presets,
    h("h2", {}, t("규칙", "Rules")), h("p.lead", {}, t("위에서부터 처음 맞는 규칙이 정합니다.", "The first rule that matches decides.")),
    h("div.scroll", {}, table), nothing,
    h("h2", {}, t("일어난 장애", "What struck")), h("div.scroll", {}, log), unstruck,
    ruleForm()));

  async function heal() {
    if (await act("DELETE", "/_fake/faults", undefined, t("모두 껐습니다", "All off"))) refresh();
  }

  const refresh = again(async () => {
    const [kinds, programme, applied] = await Promise.all(["/_fake/faults/presets", "/_fake/faults", "/_fake/faults/applied"].map(get));
    const struck = new Map();
    for (const one of applied) struck.set(one.rule, (struck.get(one.rule) ?? 0) + 1);
    const on = programme.rules.map((rule, position) => ({ rule, label: rule.name ?? String(position), on: true }));
    const names = new Set(on.map((one) => one.label));
    const off = resting.all().filter(({ rule }) => !names.has(rule.name)).map((one) => ({ ...one, label: one.rule.name, on: false }));
    on.forEach((one, position) => Object.assign(one, { next: on[position + 1]?.label }));
    const all = [...on, ...off].map((one) => ({ ...one, struck: struck.get(one.label) ?? 0 }));
    list(presets, kinds, (one) => one.name, (one) => preset(one, programme), JSON.stringify(programme));
    list(rules, all, (one) => one.label, row);
    table.hidden = !all.length;
    show(nothing, all.length === 0, (none) => none && empty(t("장애가 없습니다: 가짜는 정직합니다", "No faults: the fake is honest"), t("프리셋을 켜거나 규칙을 더하세요. 명령으로는:", "Switch a preset on or add a rule. By command:"),
      command(`curl -s ${world.summary.url}/_fake/faults -H 'content-type: application/json' \\
  -d '{"rules":[{"on":{"endpoint":"confirm","nth":1},"then":"act_then_close"}]}'`)));
    list(record, applied.slice(-LIMIT).reverse(), (one) => one.seq, drawApplied);
    log.hidden = !applied.length;
    show(unstruck, applied.length === 0, (none) => none && empty(t("아직 일어난 장애가 없습니다", "Nothing has struck yet"), t("테스트는 GET /_fake/faults/applied 로 이 기록을 확인할 수 있습니다.", "A test can assert this record with GET /_fake/faults/applied.")));
  });

  function preset({ name, about, toml }, programme) {
    const names = [...toml.matchAll(/^name = "(.*)"$/gm)].map(([, rule]) => rule);
    const isOn = names.every((one) => programme.rules.some((rule) => rule.name === one));
    const flip = async (on) => {
      if (on) await act("POST", `/_fake/faults/presets/${encodeURIComponent(name)}`, undefined, t(`${name} 켬`, `${name} is on`));
      else for (const rule of names) await remove(rule);
      refresh();
    };
    return h("div.card", { class: isOn ? "on" : "" }, h("header", {}, h("h3", {}, name), toggle(isOn, name, flip)), h("p", {}, about),
      h("details", {}, h("summary", {}, "TOML"), h("pre.body", { tabIndex: 0 }, toml)));
  }

  function row({ rule, label, on, next, struck }) {
    const flip = async (yes) => {
      const programme = await get("/_fake/faults");
      const isThere = programme.rules.some((one, position) => (one.name ?? String(position)) === next);
      const done = yes ? await add(rule, isThere ? next : undefined) : await remove(label);
      if (done && yes) resting.take({ rule, next });
      if (done && !yes) resting.put({ rule: { ...rule, name: label }, next });
      refresh();
    };
    const forget = async () => {
      if (on) await remove(label);
      else resting.take({ rule, next });
      refresh();
    };
    return h("tr", { class: on ? "" : "off" },
      h("td", {}, toggle(on, t(`규칙 ${label}`, `Rule ${label}`), flip)),
      h("td", {}, h("b", {}, label)), h("td", {}, h("code", {}, matchText(rule.on))), h("td", {}, h("span.badge.fault", {}, verdictText(rule.then))),
      h("td.num", {}, struck ? h("b.odd", {}, t(`${struck}번`, `${struck}×`)) : "0"),
      h("td.end", {}, h("button.plain", { type: "button", onclick: forget }, t("지우기", "Remove"))));
  }
  return { refresh };
}

function drawApplied(one) {
  const order = one.payment_key ? h("a", { href: `#/payments/${encodeURIComponent(one.payment_key)}` }, one.order_id ?? one.payment_key) : (one.order_id ?? "—");
  return h("tr", {}, h("td", {}, h("time", {}, moment(one.at))), h("td", {}, h("b", {}, one.rule)),
    h("td", {}, h("span.badge.fault", {}, verdictText(one.verdict))), h("td", {}, h("code", {}, one.endpoint), " ", h("small", {}, t(`${one.nth}번째`, `no. ${one.nth}`))), h("td", {}, order));
}
