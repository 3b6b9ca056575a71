// The rules of the fault programme: added, removed, switched off for a while.

import { act, get } from "/_fake/console/api.js";
import { t } from "/_fake/console/words.js";

const PATH = "/_fake/faults";

/** Adds a rule after the others. */
export async function add(rule) {
  const { rules } = await get(PATH);
  return act("POST", PATH, { rules: [...rules, rule] }, t(`규칙 ${rule.name}을(를) 켰습니다`, `Rule ${rule.name} is on`));
}

/** Takes a rule out; `label` is its name or its position. */
export async function remove(label) {
  const { rules } = await get(PATH);
  const others = rules.filter((rule, position) => (rule.name ?? String(position)) !== label);
  return act("POST", PATH, { rules: others }, t(`규칙 ${label}을(를) 껐습니다`, `Rule ${label} is off`));
}

/** Rules that were switched off here: the browser remembers them, the fake does not. */
export const resting = {
  all: () => JSON.parse(localStorage.getItem("resting-rules") ?? "[]"),
  put: (rule) => keep([...resting.all().filter((one) => !same(one, rule)), rule]),
  take: (rule) => keep(resting.all().filter((one) => !same(one, rule))),
};

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const keep = (rules) => localStorage.setItem("resting-rules", JSON.stringify(rules));

/** A name that no rule has yet. */
export function freeName(wanted, rules) {
  const taken = new Set(rules.map((rule) => rule.name));
  if (!taken.has(wanted)) return wanted;
  let number = 2;
  while (taken.has(`${wanted}-${number}`)) number += 1;
  return `${wanted}-${number}`;
}

/** `act_then_late · ms 500`: what a verdict is, in a line. */
export function verdictText(then) {
  if (typeof then === "string") return then;
  const [[name, fields]] = Object.entries(then);
  return [name, ...Object.entries(fields ?? {}).map(([field, value]) => `${field} ${value}`)].join(" · ");
}

/** `confirm · nth 1`: where and when a rule strikes. */
export function matchText(on = {}) {
  const { endpoint = "*", ...rest } = on;
  const text = (value) => (typeof value === "object" ? JSON.stringify(value) : value);
  return [endpoint, ...Object.entries(rest).map(([field, value]) => `${field} ${text(value)}`)].join(" · ");
}
