// What all scripts share: where the fake is, the page's language, errors, and asking the fake.
// SETUP is written above by the server.

const script = new URL(document.currentScript?.src || SETUP.address);
const HOME = script.origin;
const ANONYMOUS = "@@ANONYMOUS";

// Korean, unless `?lang=en` of the script or the page's own `<html lang="en">` says otherwise.
const WANTED = script.searchParams.get("lang") ?? document.documentElement.lang;
const LANGUAGE = WANTED.startsWith("en") ? "en" : "ko";

function say(korean, english) {
  return LANGUAGE === "en" ? english : korean;
}

class TossPaymentsError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "TossPaymentsError";
    this.code = code;
  }
}

const MESSAGES = {
  AGREEMENT_WIDGET_ALREADY_RENDERED: ["하나의 약관 위젯만을 사용할 수 있어요.", "There can be one agreement widget only."],
  INSECURE_KEY_USAGE: [
    "시크릿 키는 클라이언트 코드에 노출되면 안 됩니다. 구매자를 식별하는 customerKey 값을 사용해주세요.",
    "A secret key must not be in a page. Use a customerKey that identifies the buyer.",
  ],
  INVALID_AMOUNT_CURRENCY: ["잘못된 통화 값입니다.", "The currency is KRW, USD or JPY."],
  INVALID_AMOUNT_VALUE: ["결제금액이 올바르지 않습니다.", "The amount's value has to be a number."],
  INVALID_CLIENT_KEY: ["ClientKey 형태가 올바르지 않습니다.", "A client key begins with test_ck_, test_gck_, live_ck_ or live_gck_."],
  INVALID_CUSTOMER_KEY: [
    "고객키는 영문 대소문자, 숫자, 특수문자 -, _, =, ., @로 2자 이상 50자 이하여야 합니다.",
    "A customerKey is 2 to 50 letters, digits, -, _, =, . or @.",
  ],
  INVALID_METADATA: ["올바르지 않은 metadata 형식입니다.", "metadata is an object of at most 5 pairs: keys of 40 characters without [ and ], values of 2000."],
  INVALID_METHOD_TRANSACTION: ["이미 다른 요청을 수행하고 있어요.", "Another request is being worked on. Wait for its end."],
  INVALID_PARAMETER: ["파라미터가 올바르지 않습니다.", "A parameter is not right."],
  INVALID_PARAMETERS: ["파라미터가 올바르지 않습니다.", "The parameters are not right."],
  INVALID_SELECTOR: [
    "selector에 해당하는 HTML 요소를 찾을 수 없습니다. selector 값을 다시 확인해주세요.",
    "No HTML element has this selector. Check it.",
  ],
  INVALID_VARIANT_KEY: ["variantKey 에 해당하는 위젯을 찾을 수 없습니다. variantKey 값을 다시 확인해주세요.", "There is no widget with this variantKey. Check it."],
  NEED_AGREEMENT_WITH_REQUIRED_TERMS: ["필수 약관에 동의해주세요.", "Agree to the required terms first."],
  NEED_CARD_PAYMENT_DETAIL: ["카드 결제 정보를 선택해주세요.", "Choose a card company first."],
  NETWORK_ERROR: ["가짜 토스페이먼츠에 연결할 수 없습니다.", "The fake Toss Payments cannot be reached. Is it still running?"],
  NOT_RENDERED_PAYMENT_METHODS_UI: ["결제 UI가 아직 렌더링되지 않았습니다.", "Call renderPaymentMethods first."],
  NOT_SELECTED_PAYMENT_METHOD: ["결제수단이 아직 선택되지 않았어요. 결제수단을 선택해 주세요.", "No payment method is chosen yet. Call renderPaymentMethods first."],
  NOT_SETUP_AMOUNT: ["결제금액이 설정되지 않았습니다. setAmount를 호출해주세요.", "No amount is set. Call setAmount first."],
  NOT_SUPPORTED_API_INDIVIDUAL_KEY: [
    "결제위젯 연동 키의 클라이언트 키로 SDK를 연동해주세요. API 개별 연동 키는 지원하지 않습니다.",
    "Use the widget's client key (test_gck_…). Keys of the API are not for the widget.",
  ],
  NOT_SUPPORTED_METHOD: ["지원되지 않는 결제수단입니다.", "This payment method is not supported."],
  NOT_SUPPORTED_PROMISE: ["Promise 방식을 지원하지 않습니다. successUrl, failUrl을 사용해주세요.", "No promises here. Use successUrl and failUrl."],
  NOT_SUPPORTED_WIDGET_KEY: [
    "API 개별 연동 키의 클라이언트 키로 SDK를 연동해주세요. 결제위젯 연동 키는 지원하지 않습니다.",
    "Use a client key of the API (test_ck_…). The widget's keys are for the widget only.",
  ],
  PAYMENT_METHODS_WIDGET_ALREADY_RENDERED: ["하나의 결제수단 위젯만을 사용할 수 있어요.", "There can be one widget of payment methods only."],
  PAYMENT_REQUEST_ABORTED: ["결제 요청이 중단되었습니다.", "The request was ended by destroy()."],
  UNKNOWN: ["알 수 없는 에러가 발생했습니다.", "The fake's answer cannot be understood. Look at its console."],
  USER_CANCEL: ["취소되었습니다.", "The buyer has closed the window."],
  V1_METHOD_NOT_SUPPORTED: ["해당 API 는 v1 에서만 제공됩니다.", "This is of version 1: use payment() or widgets()."],
};

// An error with one of Toss's codes; `detail` says what exactly is wrong.
function error(code, detail) {
  const message = say(...MESSAGES[code]);
  return new TossPaymentsError(code, detail ? `${message} (${detail})` : message);
}

// Opens a window in the fake; the address of its page.
async function openAtFake(path, body, language) {
  const url = `${HOME}${path}?lang=${language}`;
  const headers = { accept: "application/json", "content-type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) }).catch(() => {
    throw error("NETWORK_ERROR", HOME);
  });
  const told = await answer.json().catch(() => {
    throw error("UNKNOWN", `${answer.status}`);
  });
  if (!answer.ok) {
    throw new TossPaymentsError(told.code, told.message);
  }
  return `${HOME}${told.path}?lang=${language}`;
}
