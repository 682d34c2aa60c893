"use server";

import { createHash, createHmac } from "node:crypto";

const mac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** Where the reader sees how their sign-in mail stands. On the server: the key must not leave it. */
export async function statusUrl(address: string, purpose = "registration"): Promise<string> {
  const key = process.env.RESEND_API_KEY ?? "";
  const secret = mac(key, "mailproof/status/v1");
  const a = mac(secret, `${purpose}\n${address.toLowerCase()}`).toString("base64url");
  const k = createHash("sha256").update(key).digest("hex").slice(0, 8);
  const iat = Math.floor(Date.now() / 1000);
  const body = Buffer.from(JSON.stringify({ v: 1, k, p: purpose, a, iat, exp: iat + 3600 })).toString("base64url");
  return `${process.env.MAILPROOF_PUBLIC_URL}/status/${body}.${mac(secret, body).toString("base64url")}`;
}
