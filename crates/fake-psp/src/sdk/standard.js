// `/v2/standard`: TossPayments(clientKey) of version 2.

// The result of a promise, as version 2 has it.
function resultOf(body, params) {
  const { paymentKey, orderId, amount } = params;
  return { paymentKey, orderId, amount: { currency: body.amount.currency, value: Number(amount) } };
}

function keyOf(customerKey) {
  return customerKey === ANONYMOUS ? undefined : customerKey;
}

class Payment {
  constructor(clientKey, { customerKey } = {}) {
    checkClientKey(clientKey);
    checkCustomerKey(customerKey);
    if (clientKey.includes("_gck_")) {
      throw error("NOT_SUPPORTED_WIDGET_KEY");
    }
    this.keys = { clientKey, customerKey: keyOf(customerKey) };
  }

  async requestPayment(params) {
    check(params, PAYMENT);
    checkAmount(params.amount);
    if (params.method === "FOREIGN_EASY_PAY" && params.successUrl == null) {
      throw error("NOT_SUPPORTED_PROMISE");
    }
    return resultOf(params, await letBuyer("/window/payments", { ...params, ...this.keys }));
  }

  async requestBillingAuth(params) {
    check(params, BILLING);
    await letBuyer("/window/billing-auths", { ...params, ...this.keys });
  }

  async destroy() {
    closeOverlay("PAYMENT_REQUEST_ABORTED");
  }
}

class Widgets {
  constructor(clientKey, { customerKey } = {}) {
    checkClientKey(clientKey);
    checkCustomerKey(customerKey);
    if (!clientKey.includes("_gck_")) {
      throw error("NOT_SUPPORTED_API_INDIVIDUAL_KEY");
    }
    this.keys = { clientKey, customerKey: keyOf(customerKey) };
  }

  async setAmount(amount) {
    checkAmount(amount);
    this.amount = { currency: amount.currency, value: amount.value };
    this.methods?.setAmount(this.amount);
  }

  async renderPaymentMethods(params) {
    checkPlace(params);
    if (!this.amount) {
      throw error("NOT_SETUP_AMOUNT");
    }
    if (this.methods) {
      throw error("PAYMENT_METHODS_WIDGET_ALREADY_RENDERED");
    }
    const methods = (this.methods = new Methods(params.selector, this.amount));
    return {
      on: (event, listener) => listen(methods, event, "paymentMethodSelect", (code) => listener({ code }), listener),
      getSelectedPaymentMethod: async () => ({ code: methods.chosen }),
      destroy: async () => {
        methods.remove();
        this.methods = null;
      },
    };
  }

  async renderAgreement(params) {
    checkPlace(params);
    if (this.agreement) {
      throw error("AGREEMENT_WIDGET_ALREADY_RENDERED");
    }
    const agreement = (this.agreement = new Agreement(params.selector));
    const status = (agreed) => ({
      agreedRequiredTerms: agreed,
      agreements: [{ term: { id: TERMS.id, required: true }, agreed }],
    });
    return {
      on: (event, listener) =>
        listen(agreement, event, "agreementStatusChange", (agreed) => listener(status(agreed)), listener),
      destroy: async () => {
        agreement.remove();
        this.agreement = null;
      },
    };
  }

  async requestPayment(params) {
    check(params, ORDER);
    if (!this.amount) {
      throw error("NOT_SETUP_AMOUNT");
    }
    if (!this.methods) {
      throw error("NOT_SELECTED_PAYMENT_METHOD");
    }
    if (this.agreement && !this.agreement.isAgreed()) {
      throw error("NEED_AGREEMENT_WITH_REQUIRED_TERMS");
    }
    const body = { ...params, ...this.methods.choice(params.card), ...this.keys, amount: this.amount };
    const paid = await letBuyer("/window/payments", body);
    return { paymentType: paid.paymentType, ...resultOf(body, paid) };
  }
}

function checkPlace(params) {
  check(params, { selector: "string!", variantKey: "string" });
  if (params.variantKey === "") {
    throw error("INVALID_VARIANT_KEY");
  }
}

function listen(part, event, known, told, listener) {
  if (event !== known || typeof listener !== "function") {
    throw error("INVALID_PARAMETER", `on("${known}", function)`);
  }
  part.listeners.push(told);
}

window.TossPayments = Object.assign(
  function TossPayments(clientKey) {
    const isOfVersion1 = () => {
      throw error("V1_METHOD_NOT_SUPPORTED");
    };
    return {
      widgets: (params) => new Widgets(clientKey, params),
      payment: (params) => new Payment(clientKey, params),
      brandpay() {
        throw error("NOT_SUPPORTED_METHOD", "brandpay");
      },
      requestPayment: isOfVersion1,
      requestBillingAuth: isOfVersion1,
      cancelPayment: isOfVersion1,
    };
  },
  { ANONYMOUS },
);
