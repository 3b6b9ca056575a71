"""What the fuzzer has to know about a fake Toss: which 5xx are Toss's own, and real payment keys.

Without keys of payments that exist, no request would come further than "no such payment".
"""

import base64
import json
import os
import urllib.request

import schemathesis

BASE = os.environ["FAKE_PSP_URL"]
KEY = os.environ["FAKE_PSP_SECRET_KEY"]

# The one 5xx that a request alone can provoke at Toss: a customerKey of more than 300 characters.
TOSS_5XX = {"FAILED_DB_PROCESSING"}


def call(method, path, body=None):
    request = urllib.request.Request(BASE + path, method=method)
    request.add_header("content-type", "application/json")
    token = base64.b64encode(f"{KEY}:".encode()).decode()
    request.add_header("authorization", f"Basic {token}")
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(request, data) as response:
        return json.loads(response.read() or b"null")


def prepare():
    """One payment in each of the states that matter, again and again."""
    keys = {"paymentKey": [], "orderId": []}
    for n in range(60):
        order = f"fuzz-order-{n:04}"
        method = "VIRTUAL_ACCOUNT" if n % 3 == 2 else "CARD"
        wish = {"order_id": order, "amount": 15000, "method": method}
        key = call("POST", "/_fake/payments", wish)["payment_key"]
        call("POST", f"/_fake/payments/{key}/approve")
        if n % 3:
            confirm = {"paymentKey": key, "orderId": order, "amount": 15000}
            call("POST", "/v1/payments/confirm", confirm)
        keys["paymentKey"].append(key)
        keys["orderId"].append(order)
    return keys


KEYS = prepare()


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Names a payment that exists in three of four cases."""
    if not path_parameters:
        return path_parameters
    for name, known in KEYS.items():
        given = path_parameters.get(name)
        if given is not None and len(str(given)) % 4:
            path_parameters[name] = known[sum(map(ord, str(given))) % len(known)]
    return path_parameters


@schemathesis.hook
def map_body(context, body):
    """The same for the keys in bodies."""
    if isinstance(body, dict):
        for name, known in KEYS.items():
            given = body.get(name)
            if isinstance(given, str) and len(given) % 4 and "paymentKey" in body:
                body[name] = known[len(given) % len(known)]
    return body


@schemathesis.check
def no_5xx_that_toss_would_not_give(ctx, response, case):
    if response.status_code < 500:
        return
    answer = json.loads(response.content)
    code = answer.get("code") or answer.get("error", {}).get("code")
    assert code in TOSS_5XX, f"{response.status_code} {answer}"
