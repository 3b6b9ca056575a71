// The rules of the fault programme: added, removed, switched off for a while.

import { act } from "/_fake/console/api.js";
import { t } from "/_fake/console/words.js";

const PATH = "/_fake/faults/rules";

/** Adds a rule, before the one of that name or after all others; the fake gives it a name if it has none. */
export const add = (rule, before) => act("POST", before ? `${PATH}?before=${encodeURIComponent(before)}` : PATH, rule, t("규칙을 더했습니다", "The rule is on"));

/** Takes a rule out; `label` is its name or its position. */
export const remove = (label) => act("DELETE", `${PATH}/${encodeURIComponent(label)}`);

/** Rules that were switched off here: the browser remembers them, the fake does not. */
export const resting = {
  all: () => JSON.parse(localStorage.getItem("switched-off-rules") ?? "[]"),
  put: (rule) => keep([...resting.all().filter((one) => !same(one, rule)), rule]),
  take: (rule) => keep(resting.all().filter((one) => !same(one, rule))),
};

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const keep = (rules) => localStorage.setItem("switched-off-rules", JSON.stringify(rules));

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
