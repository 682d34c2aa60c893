import express from "express";
import session from "express-session";
import { Resend } from "resend";

import { form, mayAskAgain, page, statusUrl } from "./mail-status.mjs";

const { MAIL_FROM, PORT, RESEND_API_KEY, SECRET } = process.env;
const resend = new Resend(RESEND_API_KEY); // RESEND_BASE_URL leads it to Mailproof
const app = express();
const cookie = { httpOnly: true, sameSite: "lax" };
app.use(session({ secret: SECRET, resave: false, saveUninitialized: false, cookie }));

async function send(session, address) {
  const status = statusUrl("registration", address);
  const { error } = await resend.emails.send({
    from: MAIL_FROM,
    to: address,
    subject: "Activate your account",
    html: '<a href="https://app.example/activate">Activate your account</a>',
    headers: { "Mailproof-Purpose": "registration" },
  });
  if (error) throw new Error(`${error.name}: ${error.message}`);
  Object.assign(session, { address, status });
}

app.get("/", (request, response) => response.send(form("/")));

app.post("/", express.urlencoded(), async (request, response) => {
  await send(request.session, request.body.email);
  response.redirect(303, "/sent");
});

app.get("/sent", ({ session: { status } }, response) => {
  if (!status) return response.redirect("/");
  response.send(page(status, 'resend="/again" change-address="/"'));
});

app.post("/again", async ({ session }, response) => {
  if (!session.status) return response.sendStatus(403);
  if (!(await mayAskAgain(session.status))) return response.sendStatus(429);
  await send(session, session.address);
  response.json({ status: session.status });
});

const server = app.listen(Number(PORT ?? 3000), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
