// What version 2 refuses before it asks anybody: keys, and parameters that are missing, unknown or
// of another type.

function checkClientKey(clientKey) {
  if (typeof clientKey !== "string" || !/^(test|live)_g?ck_/.test(clientKey)) {
    throw error("INVALID_CLIENT_KEY");
  }
}

function checkCustomerKey(customerKey) {
  if (/^(test|live)_g?sk_/.test(customerKey)) {
    throw error("INSECURE_KEY_USAGE");
  }
  if (typeof customerKey !== "string" || !/^[\w\-=.@]{2,50}$/.test(customerKey)) {
    throw error("INVALID_CUSTOMER_KEY");
  }
}

// `!` is required.
const ORDER = {
  orderId: "string!", orderName: "string!", successUrl: "string", failUrl: "string", pendingUrl: "string",
  customerName: "string", customerEmail: "string", customerMobilePhone: "string", taxFreeAmount: "number",
  windowTarget: "string", metadata: "object", sandbox: "object", subOrders: "object",
  subMerchantSetting: "object", orderProductCode: "string",
  card: "object", transfer: "object", virtualAccount: "object", mobilePhone: "object",
  giftCertificate: "object", foreignEasyPay: "object",
};

const PAYMENT = { ...ORDER, method: "string!", amount: "object!" };

const BILLING = {
  method: "string!", successUrl: "string!", failUrl: "string!", customerName: "string", customerEmail: "string",
  windowTarget: "string", selectableCardTypes: "object", flowMode: "string", easyPay: "string",
  cardCompany: "string", transfer: "object",
};

function check(params, schema) {
  const refuse = (detail) => {
    throw error("INVALID_PARAMETERS", detail);
  };
  if (typeof params !== "object" || params === null) {
    refuse(say("객체가 필요합니다", "an object is needed"));
  }
  for (const name of Object.keys(params)) {
    if (!(name in schema)) {
      refuse(say(`정의되지 않은 파라미터: ${name}`, `not a parameter: ${name}`));
    }
  }
  for (const [name, type] of Object.entries(schema)) {
    const value = params[name];
    if (value == null) {
      if (type.endsWith("!")) {
        refuse(say(`필수 파라미터 누락: ${name}`, `missing: ${name}`));
      }
    } else if (typeof value !== type.replace("!", "")) {
      refuse(say(`${name} 파라미터의 타입: ${type.replace("!", "")}`, `${name} has to be of type ${type.replace("!", "")}`));
    }
  }
  if (params.windowTarget != null && !["self", "iframe"].includes(params.windowTarget)) {
    refuse("windowTarget: self, iframe");
  }
  if (params.metadata != null) {
    checkMetadata(params.metadata);
  }
}

function checkMetadata(metadata) {
  const pairs = Object.entries(metadata);
  const fits = ([key, value]) => key.length <= 40 && !/[[\]]/.test(key) && String(value).length <= 2000;
  if (Array.isArray(metadata) || pairs.length > 5 || !pairs.every(fits)) {
    throw error("INVALID_METADATA");
  }
}

function checkAmount(amount) {
  if (typeof amount !== "object" || amount === null) {
    throw error("INVALID_PARAMETERS", say("금액은 { value, currency } 객체입니다", "an amount is { value, currency }"));
  }
  if (typeof amount.value !== "number" || !Number.isFinite(amount.value)) {
    throw error("INVALID_AMOUNT_VALUE");
  }
  if (!["KRW", "USD", "JPY"].includes(amount.currency)) {
    throw error("INVALID_AMOUNT_CURRENCY");
  }
}
