// `/v1/payment`: TossPayments(clientKey) of version 1, whose options are not nested. What is wrong
// with them, the fake itself says.

// Both `requestPayment(method, params)` and `requestPayment(params)`.
function orderOf(method, params) {
  const order = typeof method === "object" ? method : { ...params, method };
  if (typeof order !== "object" || order === null || (typeof method === "string" && typeof params !== "object")) {
    throw error("INVALID_PARAMETER");
  }
  return order;
}

window.TossPayments = function TossPayments(clientKey) {
  if (typeof clientKey !== "string" || !/^(test|live)_g?ck_/.test(clientKey)) {
    throw error("INVALID_CLIENT_KEY");
  }
  return {
    async requestPayment(method, params) {
      const order = orderOf(method, params);
      const { paymentKey, orderId, amount } = await letBuyer("/window/payments", { ...order, clientKey });
      return { paymentKey, orderId, amount: Number(amount) };
    },
    async requestBillingAuth(method, params) {
      const { customerKey, authKey } = await letBuyer("/window/billing-auths", { ...orderOf(method, params), clientKey });
      return { customerKey, authKey };
    },
    cancelPayment() {
      closeOverlay("USER_CANCEL");
    },
  };
};
