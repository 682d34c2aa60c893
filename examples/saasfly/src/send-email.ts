import { randomUUID } from "node:crypto";
import { Resend } from "resend";

type Mail = Parameters<Resend["emails"]["send"]>[0];
const WORTH_ANOTHER_TRY = ["application_error", "internal_server_error", "rate_limit_exceeded"];

/** Sends a mail or throws. What may be repeated is, under one key, so that it goes out once. */
export async function sendEmail(mail: Mail, tries = 4): Promise<string> {
  const resend = new Resend(process.env.RESEND_API_KEY);
  resend["headers"].set("Idempotency-Key", randomUUID()); // SDK 2.1.0 has no option for it yet
  for (let wait = 250; ; wait *= 4) {
    const away = (thrown: unknown) => ({ data: null, error: { name: "application_error", message: String(thrown) } });
    const { data, error } = await resend.emails.send(mail).catch(away); // nobody answers, or not in JSON
    if (data) return data.id;
    const { name = "application_error", message } = error ?? {};
    if (--tries <= 0 || !WORTH_ANOTHER_TRY.includes(name)) throw new Error(`${name}: ${message}`);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
