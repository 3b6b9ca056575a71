"""What a shop does with python-tosspayments, against the fake at FAKE_PSP_URL."""

import os

import requests
from tosspayments.main import TossPayments

URL = os.environ["FAKE_PSP_URL"]
KEY = os.environ["FAKE_PSP_SECRET_KEY"]


def control(path, body):
    answer = requests.post(f"{URL}/_fake{path}", json=body, timeout=10)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def authenticated(order_id, amount):
    order = {"order_id": order_id, "order_name": "책", "amount": amount}
    key = control("/payments", order)["payment_key"]
    control(f"/payments/{key}/approve", {})
    return key


client = TossPayments(KEY)
client._TossPayments__base_url = f"{URL}/"  # it has no setting for that

key = authenticated("python-0001", 15_000)
paid = client.confirm(key, "python-0001", 15_000, idempotency_key="python-1")
assert paid["status"] == "DONE" and paid["totalAmount"] == 15_000, paid
assert client.confirm(key, "python-0001", 15_000, idempotency_key="python-1") == paid
assert client.get_payment_by_payment_key(key) == paid
assert client.get_payment_by_order_id("python-0001") == paid
part = client.cancel(key, {"cancelReason": "변심", "cancelAmount": 5_000})
assert part["status"] == "PARTIAL_CANCELED" and part["balanceAmount"] == 10_000, part
try:
    client.cancel(key, {"cancelReason": "변심", "cancelAmount": 99_999})
    raise AssertionError("more than there is was given back")
except Exception as error:
    assert getattr(error, "error_type", None) == "NOT_CANCELABLE_AMOUNT", error

rows = client.get_transaction("2020-01-01T00:00:00", "2099-01-01T00:00:00", limit=100)
assert [row["orderId"] for row in rows][-2:] == ["python-0001"] * 2, rows

card = {
    "cardNumber": "9410001234567890",
    "cardExpirationYear": "30",
    "cardExpirationMonth": "12",
    "customerIdentityNumber": "881212",
}
charged = client.pay_with_card_number(
    {"amount": 2_000, "orderId": "python-0002", "orderName": "차", **card}
)
assert charged["status"] == "DONE" and charged["card"]["amount"] == 2_000, charged
billing = client.create_billing_key({"customerKey": "customer-1", **card})
charge = {"amount": 4_900, "orderName": "구독", "orderId": "python-0003", "customerKey": "customer-1"}
subscribed = client.pay_with_billing_key(billing["billingKey"], charge)
assert subscribed["type"] == "BILLING" and subscribed["status"] == "DONE", subscribed
print("python-tosspayments: confirm, replay, read, cancel, transactions, key-in, billing")
