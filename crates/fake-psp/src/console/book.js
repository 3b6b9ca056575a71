// The book: what was really taken and given back.

import { again, get } from "/_fake/console/api.js";
import { empty, h, list, show } from "/_fake/console/dom.js";
import { moment, money, t, whole } from "/_fake/console/words.js";
import { cause, moved } from "/_fake/console/timeline.js";

const LIMIT = 500;

export default {
  id: "book",
  label: () => t("장부", "Book"),
  kinds: ["book"],
  open,
};

function open(view) {
  const sums = h("div.cards", {});
  const body = h("tbody", {});
  const table = h("table", {}, h("thead", {}, h("tr", {}, ["#", t("시각", "When"), t("금액", "Amount"), t("원인", "Cause"), t("주문", "Order"), "paymentKey"].map((name) => h("th", {}, name)))), body);
  const nothing = h("div", {});
  view.append(h("section.wide", {},
    h("p.lead", {}, t("실제로 나가고 돌아온 돈입니다. 장애가 무슨 답을 하든 여기가 진실입니다.", "What was really taken and given back. Whatever a fault makes the fake say, this is the truth.")),
    sums, h("div.scroll", {}, table), nothing));
  let lines = [];

  const refresh = again(async () => {
    const more = await get(`/_fake/book?since=${lines.length}`);
    lines = lines.concat(more);
    // A reset begins a new book.
    const last = lines.at(-1);
    if (!more.length && last) {
      const [same] = await get(`/_fake/book?since=${last.seq}`);
      if (same?.transaction_key !== last.transaction_key) lines = await get("/_fake/book");
    }
    show(sums, totals(lines), () => totals(lines).map(([currency, taken, given, count]) => h("div.card.figure", {},
      h("small", {}, t(`${currency} 잔액 · ${count}줄`, `${currency} balance · ${count} lines`)),
      h("b", {}, money(whole(taken - given, currency), currency)),
      h("small", {}, `+${money(whole(taken, currency), currency)}  −${money(whole(given, currency), currency)}`))));
    list(body, lines.slice(-LIMIT).reverse(), (line) => line.transaction_key + line.seq, row);
    table.hidden = !lines.length;
    show(nothing, !lines.length, (none) => none && empty(t("장부가 비어 있습니다", "The book is empty"), t("결제가 승인되거나 취소되면 한 줄씩 적힙니다.", "Every approval and every cancel writes a line.")));
  });
  return { refresh };
}

function totals(lines) {
  const sums = {};
  for (const { currency, kind, amount } of lines) {
    const sum = (sums[currency] ??= [0, 0, 0]);
    sum[kind === "captured" ? 0 : 1] += amount;
    sum[2] += 1;
  }
  return Object.entries(sums).map(([currency, sum]) => [currency, ...sum]);
}

function row(line) {
  return h("tr", {}, h("td.muted", {}, String(line.seq)), h("td", {}, h("time", {}, moment(line.at))), h("td", {}, moved(line)),
    h("td", { class: line.cause === "cheat" ? "warn" : "" }, cause(line.cause)),
    h("td", {}, h("b", {}, line.order_name), " ", h("small", {}, line.order_id)),
    h("td", {}, h("a", { href: `#/payments/${encodeURIComponent(line.payment_key)}` }, h("code", {}, line.payment_key))));
}
