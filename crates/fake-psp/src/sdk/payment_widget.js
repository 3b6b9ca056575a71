// `/v1/payment-widget`: PaymentWidget(clientKey, customerKey) of version 1.

// A number is won.
function amountOf(amount) {
  const { value, currency = "KRW" } = typeof amount === "object" && amount !== null ? amount : { value: amount };
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw error("INVALID_PARAMETER", "amount");
  }
  return { value, currency };
}

// What version 1 calls the choice: a wallet is a provider of easy payment.
function selectionOf(code) {
  const { method, korean } = [...SETUP.methods, ...SETUP.foreign].find((known) => known.code === code);
  const isWallet = method === "간편결제" || method === "해외간편결제";
  return isWallet ? { type: "NORMAL", method, easyPay: { provider: korean } } : { type: "NORMAL", method };
}

window.PaymentWidget = Object.assign(
  function PaymentWidget(clientKey, customerKey) {
    checkClientKey(clientKey);
    checkCustomerKey(customerKey);
    let methods = null;
    let agreement = null;
    return {
      renderPaymentMethods(selector, amount) {
        const mine = (methods = new Methods(selector, amountOf(amount)));
        return {
          UPDATE_REASON: { COUPON: "COUPON", POINT: "POINT" },
          updateAmount: (value) => mine.setAmount({ ...mine.amount, ...amountOf({ ...mine.amount, value }) }),
          getSelectedPaymentMethod: () => selectionOf(mine.chosen),
          on: (event, listener) => {
            // The other events are of methods that the shop has made itself; there are none.
            if (event === "ready") {
              queueMicrotask(listener);
            }
          },
        };
      },

      renderAgreement(selector) {
        const mine = (agreement = new Agreement(selector));
        const status = (agreed) => ({
          agreedRequiredTerms: agreed,
          terms: [{ ...TERMS, agreed, required: true, content: TERMS.title }],
        });
        return {
          getAgreementStatus: () => status(mine.isAgreed()),
          on: (event, listener) => {
            if (event === "change") {
              mine.listeners.push((agreed) => listener(status(agreed)));
            }
          },
        };
      },

      async requestPayment(params) {
        if (!methods) {
          throw error("NOT_RENDERED_PAYMENT_METHODS_UI");
        }
        if (agreement && !agreement.isAgreed()) {
          throw error("NEED_AGREEMENT_WITH_REQUIRED_TERMS");
        }
        const body = {
          ...params, ...methods.choice(), amount: methods.amount, clientKey,
          customerKey: customerKey === ANONYMOUS ? undefined : customerKey,
        };
        const { paymentType, paymentKey, orderId, amount } = await letBuyer("/window/payments", body);
        return { paymentType, paymentKey, orderId, amount: Number(amount) };
      },
    };
  },
  { ANONYMOUS },
);
