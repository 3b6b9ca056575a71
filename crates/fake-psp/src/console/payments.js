// The payments: a list to look for one, and the chosen one beside it.

import { act, again, asMerchant, get } from "/_fake/console/api.js";
import { command, empty, h, list, show, toast } from "/_fake/console/dom.js";
import { meaning, moment, money, STATUSES, t } from "/_fake/console/words.js";
import { openPayment } from "/_fake/console/payment.js";

const LIMIT = 200;

export default {
  id: "payments",
  label: () => t("결제", "Payments"),
  kinds: ["payments", "calls", "book", "webhooks", "faults"],
  open,
};

export const badge = (status) => h("span.badge", { class: status, title: status }, meaning(status));

function open(view, world) {
  const search = h("input", { type: "search", placeholder: t("주문번호, 주문명, paymentKey", "order, name, paymentKey"), ariaLabel: t("검색", "Search"), oninput: () => refresh() });
  const status = h("select", { ariaLabel: t("상태", "Status"), onchange: () => refresh() },
    h("option", { value: "" }, t("모든 상태", "Any status")), STATUSES.map((one) => h("option", { value: one }, `${meaning(one)} · ${one}`)));
  const make = h("button", { type: "button", onclick: () => makePayment(world) }, t("테스트 결제 만들기", "Make a test payment"));
  const rows = h("div.rows", {});
  const nothing = h("div", {});
  const detail = h("section.detail", { ariaLabel: t("선택한 결제", "The chosen payment") });
  view.append(
    h("section.master", {}, h("div.tools", {}, search, status, make), rows, nothing),
    detail,
  );
  let chosen = null;
  let payment = null;

  const load = again(async () => {
    const query = new URLSearchParams({ limit: LIMIT });
    if (search.value.trim()) query.set("q", search.value.trim());
    if (status.value) query.set("status", status.value);
    const found = await get(`/_fake/payments?${query}`);
    list(rows, found, (one) => one.payment_key, row, (one) => one.payment_key === chosen);
    const filtered = query.has("q") || query.has("status");
    show(nothing, found.length ? null : [filtered, world.summary.url], () => found.length ? null : filtered
      ? empty(t("찾는 결제가 없습니다", "No such payment"), t("검색어나 상태를 바꿔 보세요.", "Try another word or status."))
      : teach(world));
    view.classList.toggle("chosen", chosen !== null);
    await payment?.refresh();
  });
  const refresh = load;

  function row(one) {
    return h("a.row", { href: `#/payments/${encodeURIComponent(one.payment_key)}`, "aria-current": one.payment_key === chosen ? "true" : null },
      badge(one.status),
      h("span.what", {}, h("b", {}, one.order_name), h("small", {}, one.order_id)),
      h("span.sum", {}, h("b", {}, money(one.amount, one.currency)), h("small", {}, one.method ?? "—")),
      h("time", {}, moment(one.requested_at)));
  }

  function choose(key) {
    chosen = key || null;
    payment = null;
    detail.replaceChildren();
    if (chosen) payment = openPayment(detail, chosen, world);
    else detail.append(empty(t("결제를 선택하세요", "Choose a payment"), t("그 결제에 일어난 모든 일을 시간순으로 보여 드립니다: 요청, 장애, 장부, 웹훅.", "Everything that happened to it is shown in order: calls, faults, the book, webhooks.")));
  }
  return { refresh, choose };
}

/** Opens a payment and lets the buyer approve: ready to be confirmed. */
async function makePayment(world) {
  const number = new Date(world.now()).toISOString().replace(/\D/g, "").slice(4, 17);
  const order = { order_id: `console-${number}`, order_name: t("콘솔 테스트 결제", "Test payment of the console"), amount: 15000 };
  const opened = await act("POST", "/_fake/payments", order);
  if (!opened) return;
  location.hash = `#/payments/${encodeURIComponent(opened.payment_key)}`;
}

/** Confirms as the merchant's server would, so that faults can be seen without one. */
export async function confirm(payment, world) {
  const body = { paymentKey: payment.paymentKey, orderId: payment.orderId, amount: payment.totalAmount };
  const idempotencyKey = `console-${Date.now()}`;
  const answer = await asMerchant(world.summary.secret_keys[0], "/v1/payments/confirm", body, idempotencyKey);
  const calls = await get(`/_fake/calls?payment=${encodeURIComponent(payment.paymentKey)}&limit=10`);
  const lost = calls.some((call) => call.idempotency_key === idempotencyKey && call.status === null);
  if (lost || !answer) {
    // A browser asks again by itself when a connection that it used before is closed.
    const again = answer && t(` 브라우저가 같은 멱등키로 다시 물어 ${answer.status}을(를) 받았습니다.`, ` The browser asked again with the same idempotency key and got ${answer.status}.`);
    toast(t("답을 잃어버렸습니다. 돈이 나갔는지는 장부를 보세요.", "The answer was lost. Whether money was taken is in the book.") + (again ?? ""));
  } else if (answer.status === 200) toast(t("승인 응답 200", "Confirm answered 200"), "good");
  else toast(`${answer.status} ${answer.body.slice(0, 300)}`);
}

function teach(world) {
  const { url, secret_keys } = world.summary;
  return empty(
    t("아직 결제가 없습니다", "No payments yet"),
    t("위의 단추로 하나 만들거나, 토스 클라이언트의 주소를 아래처럼 바꾸세요. 브라우저 없이 curl만으로도 됩니다.", "Make one with the button above, or point your Toss client here. It works with curl alone, too:"),
    command(`TOSS=${url}
KEY=$(curl -s $TOSS/_fake/payments -H 'content-type: application/json' \\
  -d '{"order_id":"order-0001","amount":15000}' | sed 's/.*"payment_key":"\\([^"]*\\).*/\\1/')
curl -s -X POST $TOSS/_fake/payments/$KEY/approve
curl -s -u ${secret_keys[0]}: $TOSS/v1/payments/confirm -H 'content-type: application/json' \\
  -d '{"paymentKey":"'$KEY'","orderId":"order-0001","amount":15000}'`),
  );
}
