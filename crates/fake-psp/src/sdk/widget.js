// The widget: what a buyer chooses and agrees to, inside the shop's page. Its markup is in a shadow
// tree, so that the shop's styles and these leave each other alone.

// An element; `attributes` starting with `on` are listeners.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children);
  return element;
}

// What both parts of the widget have: a place in the page, and listeners.
class Part {
  constructor(selector) {
    const place = typeof selector === "string" && findPlace(selector);
    if (!place) {
      throw error("INVALID_SELECTOR", String(selector));
    }
    this.listeners = [];
    this.host = make("div");
    this.root = this.host.attachShadow({ mode: "open" });
    place.replaceChildren(this.host);
  }

  show(...content) {
    this.root.replaceChildren(make("style", {}, SETUP.style), make("section", { lang: LANGUAGE }, ...content));
  }

  tell(news) {
    this.listeners.forEach((listener) => listener(news));
  }

  remove() {
    this.host.remove();
  }
}

function findPlace(selector) {
  try {
    return document.querySelector(selector);
  } catch {
    // Not a selector at all.
    return null;
  }
}

class Methods extends Part {
  constructor(selector, amount) {
    super(selector);
    this.chosen = null;
    this.setAmount(amount);
  }

  // What can be chosen goes by the currency.
  setAmount(amount) {
    const isOther = this.amount?.currency !== amount.currency;
    this.amount = amount;
    if (isOther) {
      this.offered = amount.currency === "KRW" ? SETUP.methods : SETUP.foreign;
      if (!this.offered.some(({ code }) => code === this.chosen)) {
        this.chosen = this.offered[0].code;
      }
      this.draw();
    }
  }

  draw() {
    const companies = SETUP.issuers.map((issuer) => make("option", { value: issuer.code }, nameOf(issuer)));
    this.company = make(
      "select",
      { name: "cardCompany", "aria-label": say("카드사", "Card company") },
      make("option", { value: "" }, say("카드사를 선택해 주세요", "Choose a card company")),
      ...companies,
    );
    this.detail = make("label", { class: "field" }, say("카드사", "Card company"), this.company);
    this.show(
      make("p", { class: "fake", role: "note" }, say("가짜 결제위젯입니다. 돈은 움직이지 않습니다.", "A fake widget for tests. No money moves.")),
      make("h2", {}, say("결제 방법", "How to pay")),
      make("div", { class: "methods", role: "radiogroup", "aria-label": say("결제 방법", "How to pay") },
        ...this.offered.map((method) => this.button(method))),
      this.detail,
    );
    this.update();
  }

  button({ code, ...names }) {
    const onchange = () => {
      this.chosen = code;
      this.update();
      this.tell(code);
    };
    const input = make("input", { type: "radio", name: "method", value: code, checked: code === this.chosen, onchange });
    return make("label", { class: "method", "data-method": code }, input, make("span", {}, nameOf(names)));
  }

  update() {
    this.detail.hidden = !this.asksForCompany();
  }

  asksForCompany() {
    return this.chosen === "CARD" && this.amount.currency === "KRW";
  }

  // What the window is opened with besides the order. The company that was chosen here is not asked
  // for again.
  choice(card) {
    if (!this.asksForCompany()) {
      return { method: this.chosen };
    }
    if (!this.company.value) {
      throw error("NEED_CARD_PAYMENT_DETAIL");
    }
    return { method: "CARD", card: { ...card, flowMode: "DIRECT", cardCompany: this.company.value } };
  }
}

function nameOf({ korean, english }) {
  return say(korean, english);
}

const TERMS = {
  id: "fake-terms",
  title: say(
    "[필수] 결제 서비스 이용 약관, 개인정보 처리 동의 (가짜)",
    "[Required] Terms of payment and of personal data (fake)",
  ),
};

class Agreement extends Part {
  constructor(selector) {
    super(selector);
    const onchange = () => this.tell(this.isAgreed());
    this.box = make("input", { type: "checkbox", name: "agreement", checked: SETUP.termsStartAgreed, onchange });
    this.show(make("label", { class: "agreement" }, this.box, TERMS.title));
  }

  isAgreed() {
    return this.box.checked;
  }
}

