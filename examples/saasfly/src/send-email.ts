import { randomUUID } from "node:crypto";
import { Resend } from "resend";

type Mail = Parameters<Resend["emails"]["send"]>[0];
const WORTH_ANOTHER_TRY = ["application_error", "internal_server_error", "rate_limit_exceeded"];

/** Sends a mail or throws. Repeats what may be repeated, under one key, so that it goes out once. */
export async function sendEmail(mail: Mail, tries = 3): Promise<string> {
  const resend = new Resend(process.env.RESEND_API_KEY);
  resend["headers"].set("Idempotency-Key", randomUUID());
  for (let left = tries; ; ) {
    const { data, error } = await resend.emails.send(mail);
    if (data) return data.id;
    const name = error?.name ?? "application_error";
    if (--left === 0 || !WORTH_ANOTHER_TRY.includes(name)) throw new Error(`${name}: ${error?.message}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
