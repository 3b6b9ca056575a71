// The form that adds a rule. What can strike where, and how, comes from the fake itself.

import { get } from "/_fake/console/api.js";
import { h } from "/_fake/console/dom.js";
import { t } from "/_fake/console/words.js";
import { add } from "/_fake/console/rules.js";

/** What most rules say of when they strike; the rest is folded away. */
const USUAL = ["order", "amount", "nth", "times", "probability"];

export function ruleForm() {
  const endpoint = h("select", { name: "endpoint" });
  const verdict = h("select", { name: "verdict" });
  const name = h("input", { placeholder: t("비워도 됩니다", "may stay empty") });
  const usual = h("div.fields", {});
  const unusual = h("div.fields", {});
  const fields = h("div.fields", {});
  const about = h("p", {});
  const form = h("form.card.rule", { onsubmit: submit },
    h("h3", {}, t("규칙 더하기", "Add a rule")),
    h("div.fields", {}, labelled(t("어디서", "where"), endpoint), labelled(t("무엇을", "what"), verdict), labelled(t("이름", "name"), name)),
    about, fields,
    h("small", {}, t("언제: 비워 둔 조건은 따지지 않습니다.", "When: a field that stays empty does not matter.")), usual,
    h("details", {}, h("summary", {}, t("조건 더 보기", "More conditions")), unusual),
    h("div", {}, h("button.primary", {}, t("더하기", "Add"))));
  let words = null;

  function drawVerdicts() {
    const before = verdict.value;
    const place = words.endpoints.find((one) => one.name === endpoint.value);
    const possible = place.verdicts.filter((one) => one !== "pass");
    verdict.replaceChildren(...possible.map((one) => h("option", { value: one }, one)));
    if (possible.includes(before)) verdict.value = before;
    drawFields();
  }

  function drawFields() {
    const word = words.verdicts.find((one) => one.name === verdict.value);
    about.textContent = word.about;
    fields.replaceChildren(...word.fields.map((field) => {
      const example = word.example?.[word.name]?.[field.name];
      return labelled(field.name, input(field, field.required ? example : undefined), field.about);
    }));
  }

  async function submit(event) {
    event.preventDefault();
    const inner = given(fields);
    const then = Object.keys(inner).length ? { [verdict.value]: inner } : verdict.value;
    const rule = { on: { endpoint: endpoint.value, ...given(usual), ...given(unusual) }, then };
    if (name.value.trim()) rule.name = name.value.trim();
    if (!(await add(rule))) return;
    form.reset();
    drawVerdicts();
  }

  endpoint.addEventListener("change", drawVerdicts);
  verdict.addEventListener("change", drawFields);
  get("/_fake/faults/vocabulary").then((all) => {
    words = all;
    endpoint.replaceChildren(...words.endpoints.map((one) => h("option", { value: one.name, title: one.about }, one.name === "*" ? t("* 모든 API 요청", "* every request") : one.name)));
    endpoint.value = "confirm";
    for (const matcher of words.matchers.filter((one) => one.name !== "endpoint")) {
      (USUAL.includes(matcher.name) ? usual : unusual).append(labelled(matcher.name, input(matcher), matcher.about));
    }
    drawVerdicts();
    verdict.value = "act_then_close";
    drawFields();
  });
  return form;
}

const labelled = (label, field, about) => h("label", { title: about }, label, field);

/** A field for a value of this kind; lists are written with commas. */
function input({ name, kind, required, values, about }, value) {
  const common = { name, required: Boolean(required), title: about };
  if (values?.length) return h("select", common, !required && h("option", { value: "" }, ""), values.map((one) => h("option", {}, one)));
  const number = kind === "integer" || kind === "number";
  const box = h("input", { ...common, type: number ? "number" : "text", step: kind === "number" ? "any" : undefined, placeholder: kind === "array" ? "23:30, 00:30" : "", value: value ?? "" });
  box.dataset.kind = kind;
  return box;
}

/** What a person has filled in. */
function given(part) {
  const boxes = [...part.querySelectorAll("input, select")].filter((box) => box.value.trim());
  return Object.fromEntries(boxes.map((box) => [box.name, value(box.value.trim(), box.dataset.kind)]));
}

function value(text, kind) {
  if (kind === "integer" || kind === "number") return Number(text);
  if (kind === "array") return text.split(",").map((part) => part.trim());
  return text;
}
