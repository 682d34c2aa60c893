import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { magicLink } from "better-auth/plugins";
import express from "express";
import { Resend } from "resend";

import { page, statusUrl } from "./mail-status.mjs";

const { MAIL_FROM, PORT, RESEND_API_KEY, SECRET } = process.env;
const resend = new Resend(RESEND_API_KEY); // RESEND_BASE_URL leads it to Mailproof

async function sendMagicLink({ email, url }, context) {
  const status = statusUrl("registration", email);
  const { error } = await resend.emails.send({
    from: MAIL_FROM,
    to: email,
    subject: "Your sign-in link",
    html: `<a href="${url}">Sign in</a>`,
    headers: { "Mailproof-Purpose": "registration" },
  });
  if (error) throw new Error(`${error.name}: ${error.message}`);
  context.setHeader("Mail-Status", status); // to whoever asked, and to nobody else
}

const app = express();
const server = app.listen(Number(PORT ?? 3000), "127.0.0.1", () => {
  const baseURL = `http://127.0.0.1:${server.address().port}`;
  const auth = betterAuth({
    baseURL,
    secret: SECRET,
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    plugins: [magicLink({ sendMagicLink })],
  });
  app.all("/api/auth/*splat", toNodeHandler(auth));
  app.get("/", (request, response) => response.send(SIGN_IN));
  console.log(baseURL);
});

// The element asks the page, and the page asks better-auth, which limits how often by itself.
const SIGN_IN = `${page("about:blank", "resend hidden")}
<form><label>Email <input name="email" type="email" autocomplete="email" required></label>
<button>Sign in</button></form>
<script type="module">
const form = document.querySelector("form"), status = document.querySelector("mail-status");
async function signIn() {
  const body = JSON.stringify({ email: form.email.value });
  const headers = { "content-type": "application/json" };
  const answer = await fetch("/api/auth/sign-in/magic-link", { method: "POST", headers, body });
  const src = answer.headers.get("mail-status");
  if (!answer.ok || !src) return alert("The mail could not be asked for: " + answer.status);
  status.setAttribute("src", src);
  status.hidden = false;
}
form.addEventListener("submit", (event) => (event.preventDefault(), signIn()));
status.addEventListener("resend", (event) => (event.preventDefault(), signIn()));
</script>`;
