// The sign-in mail of SaaSFly, in its shape: a React element, the result ignored, all of it within
// a try. What the SDK really returned is kept on the side, to show what is lost.
//
// node saasfly.mjs FOLDER RECIPIENT, with RESEND_API_KEY, RESEND_FROM, RESEND_BASE_URL set.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.argv[2], 'package.json'));
const { Resend } = require('resend');
const { createElement } = require('react');

const printed = [];
const resend = new Resend(process.env.RESEND_API_KEY);
const send = resend.emails.send.bind(resend.emails);
let lost = null;
resend.emails.send = async (...given) => (lost = await send(...given));

function MagicLinkEmail({ url }) {
  return createElement('html', null, createElement('a', { href: url }, 'Activate your account'));
}

async function sendVerificationRequest({ identifier, url }) {
  try {
    await resend.emails.send({
      from: process.env.RESEND_FROM,
      to: identifier,
      subject: 'Activate your account',
      react: MagicLinkEmail({ url }),
      headers: { 'X-Entity-Ref-ID': String(Date.now()) },
    });
  } catch (error) {
    printed.push(String(error));
  }
}

let thrown = null;
try {
  await sendVerificationRequest({
    identifier: process.argv[3],
    url: 'http://localhost:3000/api/auth/callback/email?token=0000',
  });
} catch (error) {
  thrown = String(error);
}
process.stdout.write(JSON.stringify({ thrown, printed, lost }));
