// Korean and English, and how times and amounts are written.

const languages = navigator.languages ?? [navigator.language];
const asked = localStorage.getItem("language");
export let language = asked ?? (languages[0]?.startsWith("ko") ? "ko" : "en");

export function speak(other) {
  language = other;
  localStorage.setItem("language", other);
  document.documentElement.lang = other;
}

/** The words in the language of the person. */
export const t = (korean, english) => (language === "ko" ? korean : english);

const STATES = {
  READY: "결제 대기", IN_PROGRESS: "인증 완료", WAITING_FOR_DEPOSIT: "입금 대기", DONE: "결제 완료",
  CANCELED: "전액 취소", PARTIAL_CANCELED: "부분 취소", ABORTED: "승인 실패", EXPIRED: "만료",
};
export const STATUSES = Object.keys(STATES);

/** What a status means, for people. */
export const meaning = (status) => t(STATES[status] ?? status, status.toLowerCase().replaceAll("_", " "));

const KOREA = { timeZone: "Asia/Seoul", hourCycle: "h23" };
const TIME = new Intl.DateTimeFormat("sv-SE", { ...KOREA, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("sv-SE", { ...KOREA, dateStyle: "short" });

/** `10:30:05`, in Korea. */
export const time = (at) => TIME.format(new Date(at));
/** `2026-01-02`, in Korea. */
export const day = (at) => DAY.format(new Date(at));
/** `01-02 10:30:05`; the full moment is in the tooltip. */
export const moment = (at) => `${day(at).slice(5)} ${time(at)}`;

/** `15,000원`, `726.24 USD`. */
export function money(amount, currency = "KRW") {
  const text = new Intl.NumberFormat("en-US").format(amount);
  return currency === "KRW" ? t(`${text}원`, `₩${text}`) : `${text} ${currency}`;
}

/** Amounts of the book are counted in the smallest unit of their currency. */
export const whole = (amount, currency) => (currency === "USD" ? amount / 100 : amount);

/** `2일 3시간`, `5 min`: how long something takes. */
export function span(ms) {
  const minutes = Math.round(Math.abs(ms) / 60000);
  if (minutes < 1) return t(`${Math.round(Math.abs(ms) / 1000)}초`, `${Math.round(Math.abs(ms) / 1000)} s`);
  const parts = [
    [Math.floor(minutes / 1440), t("일", " d")],
    [Math.floor((minutes % 1440) / 60), t("시간", " h")],
    [minutes % 60, t("분", " min")],
  ];
  return parts.filter(([count]) => count).map(([count, unit]) => count + unit).slice(0, 2).join(" ");
}
