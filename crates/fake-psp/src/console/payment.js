// One payment: what it is, what can be done to it, and everything that happened to it.

import { act, get } from "/_fake/console/api.js";
import { copyable, h, list, pretty, show } from "/_fake/console/dom.js";
import { moment, money, span, t } from "/_fake/console/words.js";
import { outcome, sentence } from "/_fake/console/timeline.js";
import { badge, confirm } from "/_fake/console/payments.js";

/** Fields that a person may fill in before an act: name, label, and what it is. */
const ACTS = {
  approve: { label: () => t("구매자 승인", "Buyer approves"), look: "primary", fields: () => [["means", t("테스트 카드·계좌 번호", "test card or account number")]] },
  decline: { label: () => t("구매자 거절됨", "Buyer is declined"), fields: () => [["code", t("오류 코드 (예: REJECT_CARD_COMPANY)", "error code (say REJECT_CARD_COMPANY)")]] },
  close: { label: () => t("결제창 닫기", "Buyer closes the window") },
  deposit: { label: () => t("입금", "Deposit"), look: "primary", fields: () => [["amount", t("금액 (비우면 전액)", "amount (empty: the due one)"), "number"], ["depositor", t("입금자명", "depositor")]] },
  "reverse-deposit": { label: () => t("입금 취소 (은행)", "Bank takes the deposit back") },
  cancel: { label: () => t("관리자 취소", "Cancel by hand"), fields: () => [["amount", t("금액 (비우면 남은 전액)", "amount (empty: all that is left)"), "number"], ["reason", t("사유", "reason")]] },
  "abort-cancel": { label: () => t("해외 취소 거절", "Refuse the cancel overseas") },
  "review-approve": { label: () => t("심사 승인", "Review: approve"), look: "primary", path: "review", body: { decision: "approve" } },
  "review-decline": { label: () => t("심사 거절", "Review: decline"), path: "review", body: { decision: "decline" } },
  expire: { label: () => t("만료시키기", "Let it expire") },
};

export function openPayment(panel, key, world) {
  const path = `/_fake/payments/${encodeURIComponent(key)}`;
  const head = h("div", {});
  const acts = h("div.acts", {});
  const form = h("div", {});
  const steps = h("ol.timeline", {});
  const object = h("div", {});
  panel.append(
    h("a.back", { href: "#/payments" }, t("← 목록", "← List")), head, acts, form,
    h("h3", {}, t("타임라인", "Timeline")), steps,
    h("details", {}, h("summary", {}, t("Payment 객체", "The Payment object")), object),
  );

  async function refresh() {
    const [found, moments] = await Promise.all([get(path), get(`${path}/timeline`)]);
    const { payment } = found;
    show(head, found, () => drawHead(found));
    show(acts, [found.acts, payment.status], () => drawActs(found));
    list(steps, moments.map((one, position) => ({ ...one, id: `${position}/${one.kind}` })), (one) => one.id, step);
    show(object, payment, () => pretty(payment));
  }

  function drawHead({ payment, expires_at, under_review, unbooked }) {
    const facts = [
      [t("주문번호", "Order"), copyable(payment.orderId)],
      ["paymentKey", copyable(payment.paymentKey)],
      payment.method && [t("결제수단", "Method"), payment.method],
      payment.virtualAccount && [t("가상계좌", "Account"), copyable(payment.virtualAccount.accountNumber)],
      payment.balanceAmount !== payment.totalAmount && [t("남은 금액", "Left"), money(payment.balanceAmount, payment.currency)],
      expires_at && [t("만료 시각", "Expires"), moment(expires_at)],
      payment.failure && [t("실패", "Failure"), `${payment.failure.code} — ${payment.failure.message}`],
      under_review && [t("심사", "Review"), t("심사 중입니다. 아래에서 결정하세요.", "under review: decide below")],
      unbooked && [t("주의", "Note"), t("DONE이지만 돈은 빠져나가지 않았습니다 (장애)", "says DONE, but no money was taken (a fault)")],
    ].filter(Boolean);
    return [
      h("header.title", {}, h("div", {}, h("h2", {}, payment.orderName), h("p.amount", {}, money(payment.totalAmount, payment.currency))),
        badge(payment.status)),
      h("dl.facts", {}, facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    ];
  }

  function drawActs({ payment, acts: possible }) {
    form.replaceChildren();
    const names = possible.flatMap((name) => (name === "review" ? ["review-approve", "review-decline"] : [name]));
    const buttons = names.filter((name) => ACTS[name]).map((name) => button(name, ACTS[name]));
    if (payment.status === "IN_PROGRESS") {
      buttons.unshift(h("button.primary", { type: "button", onclick: () => confirm(payment, world) }, t("가맹점으로서 승인 요청", "Confirm as the merchant")));
    }
    if (payment.status === "READY") {
      buttons.push(h("a.button", { href: payment.checkout.url, target: "_blank", rel: "noopener" }, t("결제창 열기 ↗", "Open the window ↗")));
    }
    return buttons;
  }

  function button(name, { label, look, fields, path: part = name, body = {} }) {
    const send = (more) => act("POST", `${path}/${part}`, { ...body, ...more }, label());
    const direct = h("button", { type: "button", class: look ?? "", onclick: () => send({}) }, label());
    if (!fields) return direct;
    const more = h("button.more", { type: "button", ariaLabel: `${label()} …`, title: t("값을 정해서", "with values of your own"), onclick: () => ask(label(), fields(), send) }, "⋯");
    return h("span.pair", {}, direct, more);
  }

  function ask(label, fields, send) {
    const inputs = fields.map(([name, hint, type = "text"]) => h("input", { name, type, placeholder: hint, ariaLabel: hint }));
    const submit = async (event) => {
      event.preventDefault();
      const filled = inputs.filter((input) => input.value.trim());
      const values = filled.map((input) => [input.name, input.type === "number" ? Number(input.value) : input.value.trim()]);
      if (await send(Object.fromEntries(values))) form.replaceChildren();
    };
    form.replaceChildren(h("form.inline", { onsubmit: submit }, inputs,
      h("button.primary", {}, label), h("button.plain", { type: "button", onclick: () => form.replaceChildren() }, t("닫기", "Close"))));
    inputs[0].focus();
  }

  function step(one) {
    const future = one.kind === "deadline" || one.kind === "webhook_due";
    const { text, note } = sentence(one);
    return h("li", { class: `${one.kind} ${future ? "future" : ""}` },
      h("time", { title: one.at }, moment(one.at)),
      h("div", {}, h("p", {}, text, " ", outcome(one)),
        note && h("small", {}, note),
        future && h("small", {}, t(`${span(new Date(one.at) - world.now())} 뒤`, `in ${span(new Date(one.at) - world.now())}`))));
  }

  return { refresh };
}
