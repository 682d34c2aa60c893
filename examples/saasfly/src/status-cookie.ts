import { createHash, createHmac } from "node:crypto";

type Handler<Context> = (request: Request, context: Context) => Promise<Response>;

const LIFE_S = 3600;
const mac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** Where the reader sees how their mail stands. On the server: the key must not leave it. */
export function statusUrl(key: string, address: string, purpose = "registration"): string {
  const secret = mac(key, "mailproof/status/v1");
  const a = mac(secret, `${purpose}\n${address.toLowerCase()}`).toString("base64url");
  const k = createHash("sha256").update(key).digest("hex").slice(0, 8);
  const iat = Math.floor(Date.now() / 1000);
  const claims = { v: 1, k, p: purpose, a, iat, exp: iat + LIFE_S };
  const body = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `${process.env.MAILPROOF_PUBLIC_URL}/status/${body}.${mac(secret, body).toString("base64url")}`;
}

/** Where NextAuth sends whoever has asked: a redirect, or its address in JSON. */
async function destination(answer: Response): Promise<string> {
  const told: unknown = await answer.clone().json().catch(() => null);
  return answer.headers.get("Location") ?? (told as { url?: string } | null)?.url ?? "";
}

/** NextAuth's handler for POST; whoever asked for a mail gets its status as a cookie, and nobody else
 * can have one made for an address of their choice. */
export function withStatus<Context>(handler: Handler<Context>): Handler<Context> {
  return async (request, context) => {
    const asks = new URL(request.url).pathname.endsWith("/signin/email");
    const form = asks ? await request.clone().formData() : null;
    const answer = await handler(request, context);
    const email = form?.get("email");
    // Not after an error, nor when the request was forged: then no mail has been asked for.
    if (typeof email !== "string" || !(await destination(answer)).includes("/verify-request")) return answer;
    const told = new Response(answer.body, answer);
    const url = encodeURIComponent(statusUrl(process.env.RESEND_API_KEY ?? "", email.trim()));
    told.headers.append("Set-Cookie", `mail-status=${url}; Max-Age=${LIFE_S}; Path=/; HttpOnly; SameSite=Lax`);
    return told;
  };
}
