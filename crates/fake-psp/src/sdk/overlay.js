// The fake's window: a frame over the shop's page, or, on a phone, in its place.

// The one that is open, or about to be.
let overlay = null;

// A promise that nobody waits for: the browser leaves the page.
const LEAVING = new Promise(() => {});

function isPhone() {
  return navigator.userAgentData?.mobile || /Mobi|Android|iPhone|iPad/.test(navigator.userAgent) || innerWidth <= 480;
}

class Overlay {
  constructor() {
    this.end = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever waits hears of it; before, there is nobody.
    this.end.catch(() => {});
  }

  show(page) {
    this.dialog = document.createElement("div");
    this.dialog.id = "___tosspayments_dimmer___";
    this.dialog.setAttribute("role", "dialog");
    this.dialog.setAttribute("aria-modal", "true");
    this.dialog.setAttribute("aria-label", say("가짜 결제창", "Fake payment window"));
    Object.assign(this.dialog.style, {
      position: "fixed", inset: "0", zIndex: "2147483647", display: "grid", placeItems: "center",
      background: "rgb(0 0 0 / 60%)",
    });
    this.frame = document.createElement("iframe");
    this.frame.id = "___tosspayments_iframe___";
    this.frame.title = say("가짜 결제창", "Fake payment window");
    this.frame.src = `${page}&frame=${encodeURIComponent(location.origin)}`;
    Object.assign(this.frame.style, {
      width: "min(32rem, 100vw)", height: "min(48rem, 96vh)", border: "0", borderRadius: "20px",
      background: "#f2f4f6", boxShadow: "0 16px 48px rgb(0 0 0 / 40%)",
    });
    this.dialog.append(this.frame);
    document.body.append(this.dialog);
    this.frame.focus();
    this.listener = (event) => {
      const isOurs = event.origin === HOME && event.source === this.frame.contentWindow;
      if (isOurs && event.data?.source === "fake-toss") {
        this.resolve(event.data);
      }
    };
    addEventListener("message", this.listener);
  }

  remove() {
    removeEventListener("message", this.listener);
    this.dialog?.remove();
  }
}

// Closes what is open; whoever waits for it gets this error.
function closeOverlay(code) {
  overlay?.reject(error(code));
}

// Lets the buyer pay, or register a card. With URLs the browser goes to one of them, and the
// promise stays open; without, it has the success's parameters.
async function letBuyer(path, { windowTarget, ...body }) {
  if (overlay) {
    throw error("INVALID_METHOD_TRANSACTION");
  }
  const isPromise = body.successUrl == null && body.failUrl == null;
  // A page without an origin (a file) cannot be told how a frame ends.
  const isInPlace = windowTarget === "self" || isPhone() || location.origin === "null";
  if (isPromise && isInPlace) {
    throw error("NOT_SUPPORTED_PROMISE");
  }
  const mine = (overlay = new Overlay());
  try {
    const wanted = body.card?.language ?? body.language;
    const language = wanted ? (wanted === "EN" ? "en" : "ko") : LANGUAGE;
    const opened = openAtFake(path, { ...body, promise: isPromise }, language);
    const page = await Promise.race([opened, mine.end]);
    if (isInPlace) {
      location.assign(page);
      return LEAVING;
    }
    mine.show(page);
    const { type, params, url } = await mine.end;
    const isClosed = params.code === "PAY_PROCESS_CANCELED";
    if (isClosed && !(url && SETUP.closedFrameGoesToFailUrl)) {
      throw error("USER_CANCEL");
    }
    if (url) {
      location.assign(url);
      return LEAVING;
    }
    if (type !== "success") {
      throw new TossPaymentsError(params.code, params.message);
    }
    return params;
  } finally {
    mine.remove();
    overlay = null;
  }
}
