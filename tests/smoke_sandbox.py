"""Start the installed sandbox, ask it something, stop it: `python tests/smoke_sandbox.py`.

Needs only an installed Mailproof, so that it runs anywhere: a bare environment, macOS, Windows.
"""

import json
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request

DEADLINE_S = 30.0


def main() -> int:
    sandbox = subprocess.Popen(
        [sys.executable, "-m", "mailproof", "sandbox", "--port", "0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    too_late = threading.Timer(DEADLINE_S, sandbox.kill)
    too_late.start()
    try:
        url = _url(sandbox)
        status, name = _ask(f"{url}/emails")
    finally:
        sandbox.terminate()
        sandbox.wait(DEADLINE_S)
        too_late.cancel()
    sys.stdout.write(f"{url} answered {status} {name} and stopped\n")
    return 0 if (status, name) == (401, "missing_api_key") else 1


def _url(sandbox: "subprocess.Popen[str]") -> str:
    assert sandbox.stdout is not None
    said = ""
    for line in sandbox.stdout:
        said += line
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    raise SystemExit(f"the sandbox ended without an address; it said:\n{said}")


def _ask(url: str) -> tuple[int, str]:
    request = urllib.request.Request(
        url, data=b"{}", headers={"content-type": "application/json", "user-agent": "smoke/1"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=DEADLINE_S) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)["name"]


if __name__ == "__main__":
    raise SystemExit(main())
