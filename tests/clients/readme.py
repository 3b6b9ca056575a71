"""The snippets of the fake's READMEs, run as they stand: each has to confirm a payment.

Against the fake at FAKE_PSP_URL. Python's runs in the interpreter that runs this, which needs
`requests`; Node's and Java's are skipped where there is no `node` or `java`: the exit code is 3 then.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

URL = os.environ["FAKE_PSP_URL"]
KEY = os.environ["FAKE_PSP_SECRET_KEY"]
CRATE = Path(__file__).parents[2] / "crates/fake-psp"
AMOUNT = 15_000

# What the reader's own code has around the snippet. It is told of an order, and prints the status.
AROUND = {
    "js": (
        "node",
        "snippet.mjs",
        "const [paymentKey, orderId, amount] = process.argv.slice(2);\n",
        "console.log(payment.status);\n",
    ),
    "python": (
        sys.executable,
        "snippet.py",
        "import sys\npayment_key, order_id, amount = sys.argv[1:]\n",
        "print(payment['status'])\n",
    ),
    "java": ("java", "Confirm.java", "", ""),
}


def control(path, body):
    request = urllib.request.Request(
        f"{URL}/_fake{path}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def authenticated(order_id):
    key = control("/payments", {"order_id": order_id, "amount": AMOUNT})["payment_key"]
    control(f"/payments/{key}/approve", {})
    return key


def run(readme, language):
    program, file, before, after = AROUND[language]
    text = (CRATE / readme).read_text()
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    runnable = [block for block in blocks if language != "java" or "class " in block]
    assert len(runnable) == 1, f"{readme} has {len(runnable)} snippets in {language}"
    if not shutil.which(program):
        print(f"SKIPPED: {readme}, {language}: there is no {program}", file=sys.stderr)
        return False
    order_id = f"{Path(readme).stem}-{language}".replace(".", "-")
    key = authenticated(order_id)
    env = {**os.environ, "TOSS_URL": URL, "TOSS_SECRET_KEY": KEY}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file
        path.write_text(before + runnable[0] + after)
        done = subprocess.run(
            [program, path, key, order_id, str(AMOUNT)], env=env, timeout=60, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr
    assert "DONE" in done.stdout, done.stdout
    with urllib.request.urlopen(f"{URL}/_fake/book", timeout=10) as answer:
        taken = [line for line in json.load(answer) if line["order_id"] == order_id]
    assert [line["amount"] for line in taken] == [AMOUNT], taken
    print(f"{readme}, {language}: confirmed")
    return True


def five_minutes(readme):
    """The reader's first two blocks of curl: paid, and charged though the answer was lost."""
    text = (CRATE / readme).read_text().replace("http://127.0.0.1:9090", URL)
    paid, lost = re.findall(r"^```\n((?:curl|order=).*?)^```", text, re.DOTALL | re.MULTILINE)[:2]
    done = subprocess.run(["bash", "-ec", paid], capture_output=True, text=True, timeout=60)
    assert '"status":"DONE"' in done.stdout, done
    # No -e: the confirm is the one that fails.
    done = subprocess.run(["bash", "-c", lost], capture_output=True, text=True, timeout=60)
    assert "(52)" in done.stderr, done
    book = json.loads(done.stdout[done.stdout.rindex("[{") :])
    assert any(line["order_id"].startswith("lost-") for line in book), book
    control("/reset", {})
    print(f"{readme}, curl: confirmed, and lost")


for readme in ("README.md", "README.ko.md"):
    five_minutes(readme)
ran = [run(readme, language) for readme in ("README.md", "README.ko.md") for language in AROUND]
sys.exit(0 if all(ran) else 3)
