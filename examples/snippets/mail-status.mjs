import { createHash, createHmac } from "node:crypto";

const { MAILPROOF_PUBLIC_URL, RESEND_API_KEY } = process.env;
const mac = (key, text) => createHmac("sha256", key).update(text).digest();

/** Where the reader sees how their mail stands. On the server: the key must not leave it. */
export function statusUrl(purpose, address, life = 3600) {
  const secret = mac(RESEND_API_KEY, "mailproof/status/v1");
  const a = mac(secret, `${purpose}\n${address.toLowerCase()}`).toString("base64url");
  const k = createHash("sha256").update(RESEND_API_KEY).digest("hex").slice(0, 8);
  const iat = Math.floor(Date.now() / 1000);
  const claims = { v: 1, k, p: purpose, a, iat, exp: iat + life };
  const body = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `${MAILPROOF_PUBLIC_URL}/status/${body}.${mac(secret, body).toString("base64url")}`;
}

/** Mailproof knows when the last mail was accepted, so nothing is counted here. */
export async function mayAskAgain(status) {
  const answer = await fetch(status, { headers: { accept: "application/json" } });
  const { again_at, now } = await answer.json();
  return !again_at || again_at <= now;
}

/** Says no more than is known: the element tells whether there is anything in the mailbox yet. */
export const page = (status, attributes = "") => `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign up</title><h1>Almost there</h1>
<mail-status src="${status}" ${attributes}><a href="${status}">How your mail stands</a></mail-status>
<script src="${MAILPROOF_PUBLIC_URL}/status.js" type="module"></script></html>`;

export const form = (action, fields = "") => `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign up</title><h1>Sign up</h1><form method="post" action="${action}">${fields}
<label>Email <input name="email" type="email" autocomplete="email" required></label>
<button>Sign up</button></form></html>`;
