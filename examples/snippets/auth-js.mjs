import { AsyncLocalStorage } from "node:async_hooks";

import { ExpressAuth } from "@auth/express";
import express from "express";
import { Resend } from "resend";

import { page, statusUrl } from "./mail-status.mjs";

const { MAIL_FROM, PORT, RESEND_API_KEY, SECRET } = process.env;
const resend = new Resend(RESEND_API_KEY); // RESEND_BASE_URL leads it to Mailproof
const answering = new AsyncLocalStorage();

/** Called only once Auth.js has accepted the request: nobody else gets a status. */
async function sendVerificationRequest({ identifier, url }) {
  const status = statusUrl("registration", identifier);
  const { error } = await resend.emails.send({
    from: MAIL_FROM,
    to: identifier,
    subject: "Your sign-in link",
    html: `<a href="${url}">Sign in</a>`,
    headers: { "Mailproof-Purpose": "registration" },
  });
  if (error) throw new Error(`${error.name}: ${error.message}`); // Auth.js shows its error page
  answering.getStore().cookie("mail-status", status, { httpOnly: true, sameSite: "lax" });
}

const tokens = new Map(); // in memory for this example; yours is a database
const adapter = {
  getUserByEmail: async () => null,
  createVerificationToken: async (made) => tokens.set(made.token, made) && made,
  useVerificationToken: async ({ token }) => {
    const made = tokens.get(token);
    tokens.delete(token);
    return made ?? null;
  },
};

const email = { id: "email", type: "email", name: "Email", maxAge: 900, sendVerificationRequest };
const pages = { verifyRequest: "/sent" };
const app = express();
app.use("/auth", (request, response, next) => answering.run(response, next));
app.use("/auth", ExpressAuth({ providers: [email], adapter, pages, secret: SECRET, trustHost: true }));

/** In place of "Check your email". */
app.get("/sent", (request, response) => {
  const [, status] = /mail-status=([^;]+)/.exec(request.headers.cookie ?? "") ?? [];
  if (!status) return response.redirect("/auth/signin");
  response.send(page(decodeURIComponent(status), 'change-address="/auth/signin"'));
});

const server = app.listen(Number(PORT ?? 3000), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
