// What each moment of a payment's timeline says.

import { h } from "/_fake/console/dom.js";
import { money, t, whole } from "/_fake/console/words.js";

const CAUSES = {
  confirm: ["가맹점의 승인", "the merchant's confirm"], cancel: ["가맹점의 취소", "the merchant's cancel"],
  deposit: ["입금", "a deposit"], reversal: ["은행의 입금 취소", "the bank's reversal"],
  console: ["관리자 취소", "a cancel by hand"], cheat: ["장애: 이중 처리", "a fault: done twice"],
};

/** Who or what moved money. */
export const cause = (name) => t(...(CAUSES[name] ?? [name, name]));

/** Money of a line of the book, with its sign. */
export function moved({ kind, amount, currency }) {
  const sign = kind === "captured" ? "+" : "−";
  return h(`b.${kind === "captured" ? "in" : "out"}`, {}, sign + money(whole(amount, currency), currency));
}

/** The text of a moment, and what is to be said of it besides. */
export function sentence({ kind, title, detail }) {
  switch (kind) {
    case "opened": return { text: t("결제가 열림", "Opened"), note: title };
    case "authenticated": return { text: t("구매자 인증", "The buyer has authenticated"), note: title };
    case "approved": return { text: t("승인됨", "Approved"), note: title };
    case "failed": return { text: title === "EXPIRED" ? t("만료됨", "Expired") : t("승인 실패", "Aborted"), note: `${detail.code} — ${detail.message}` };
    case "deadline": return { text: t("만료 예정", "Will expire") };
    case "cancel": return { text: t(`취소 ${title}`, `Cancelled ${title}`), note: `${detail.reason} · ${t("남은 금액", "left")} ${detail.balance_after}` };
    case "book": return { text: h("span", {}, t("장부 ", "Book "), moved(detail)), note: cause(detail.cause) };
    case "fault": return { text: t(`장애 ${title}`, `Fault ${title}`), note: t(`규칙 ${detail.rule}, ${detail.nth}번째`, `rule ${detail.rule}, number ${detail.nth}`) };
    case "call": return { text: h("a", { href: `#/calls/${detail.seq}` }, h("code", {}, title)), note: detail.idempotency_key && `idempotency-key: ${detail.idempotency_key}` };
    case "webhook": return { text: t(`웹훅 ${title}`, `Webhook ${title}`), note: `${detail.url}${detail.retried ? t(` · 재시도 ${detail.retried}`, ` · retry ${detail.retried}`) : ""}` };
    case "webhook_due": return { text: t(`웹훅 예정 ${title}`, `Webhook to come ${title}`), note: detail.url };
    default: return { text: title };
  }
}

/** The badge of what came of it: an answer's status, a webhook's answer. */
export function outcome({ kind, detail }) {
  if (kind === "call") return [status(detail.status), detail.fault && h("span.badge.fault", {}, detail.fault), detail.replayed && replayed()].filter(Boolean);
  if (kind === "webhook") return [delivered(detail.outcome), detail.forged && h("span.badge.fault", {}, "forge")].filter(Boolean);
  return [];
}

/** The status of an answer. */
export function status(code) {
  if (code === null || code === undefined) return h("span.badge.none", {}, t("답 없음", "no answer"));
  return h("span.badge", { class: code < 300 ? "good" : code < 400 ? "moved" : "bad" }, String(code));
}

export const replayed = () => h("span.badge.replayed", { title: t("멱등키로 저장된 답", "answered from the idempotency key") }, t("재생", "replay"));

/** What the merchant answered to a webhook. */
export function delivered(outcome) {
  if (!outcome) return h("span.badge", {}, "…");
  if (outcome.Ok !== undefined) return h("span.badge", { class: outcome.Ok < 300 ? "good" : "bad" }, String(outcome.Ok));
  return h("span.badge.bad", { title: outcome.Err }, t("실패", "failed"));
}
