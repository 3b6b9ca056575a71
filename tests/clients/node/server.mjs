// What a shop's server does with toss-payments-server-api, against the fake at FAKE_PSP_URL.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const toss = createRequire(import.meta.url)("toss-payments-server-api").default;
const { FAKE_PSP_URL: url, FAKE_PSP_SECRET_KEY: secretKey } = process.env;
const basic = Buffer.from(`${secretKey}:`).toString("base64");
const connection = { host: url, headers: { Authorization: `Basic ${basic}` } };
const { payments, virtual_accounts, billing } = toss.functional.v1;

const control = async (path, body) => {
  const answer = await fetch(`${url}/_fake${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
};

const order = { order_id: "node-0001", order_name: "책", amount: 15_000 };
const { payment_key: key } = await control("/payments", order);
await control(`/payments/${key}/approve`, {});
const paid = await payments.approve(connection, key, { orderId: "node-0001", amount: 15_000 });
assert.equal(paid.status, "DONE");
assert.deepEqual(await payments.at(connection, key), paid);
await assert.rejects(
  payments.approve(connection, key, { orderId: "node-0001", amount: 15_000 }),
  (error) => error.status === 400 && error.message.includes("ALREADY_PROCESSED_PAYMENT"),
);
const canceled = await payments.cancel(connection, key, { cancelReason: "변심" });
assert.equal(canceled.status, "CANCELED");

const card = {
  cardNumber: "9410001234567890",
  cardExpirationYear: "30",
  cardExpirationMonth: "12",
  cardPassword: "12",
  customerBirthday: "881212",
};
const keyedIn = await payments.key_in(connection, {
  method: "card",
  orderId: "node-0002",
  orderName: "차",
  amount: 2_000,
  ...card,
});
assert.equal(keyedIn.status, "DONE");

const registered = await billing.authorizations.card.create(connection, {
  customerKey: "customer-1",
  ...card,
});
const subscribed = await billing.pay(connection, registered.billingKey, {
  method: "billing",
  billingKey: registered.billingKey,
  customerKey: "customer-1",
  orderId: "node-0003",
  orderName: "구독",
  amount: 4_900,
});
assert.equal(subscribed.type, "BILLING");

const account = await virtual_accounts.create(connection, {
  method: "virtual-account",
  orderId: "node-0004",
  orderName: "꽃",
  bank: "신한",
  customerName: "김토스",
  amount: 20_000,
});
assert.equal(account.status, "WAITING_FOR_DEPOSIT");
await control(`/payments/${account.paymentKey}/deposit`, {});
assert.equal((await payments.at(connection, account.paymentKey)).status, "DONE");

console.log("toss-payments-server-api: approve, read, cancel, key-in, billing, virtual account");
