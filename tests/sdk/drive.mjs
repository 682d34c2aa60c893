// Calls an official Resend SDK as an application would, and prints what it gave back.
//
// node drive.mjs FOLDER < calls.json, where FOLDER has the SDK in its node_modules and calls.json is
// [{"call": "emails.send", "args": […], "key": "re_…"}, …]. One JSON array is printed, with
// {"returned": …} or {"thrown": {"name", "message"}} for each call, in order.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';

const { Resend } = createRequire(join(process.argv[2], 'package.json'))('resend');

async function answerOf({ call, args, key }) {
  const client = new Resend(key ?? process.env.RESEND_API_KEY);
  const [resource, method] = call.split('.');
  try {
    return { returned: await client[resource][method](...args) };
  } catch (error) {
    return { thrown: { name: error.name, message: error.message, cause: error.cause?.code ?? null } };
  }
}

const answers = [];
for (const wanted of JSON.parse(readFileSync(0, 'utf8'))) answers.push(await answerOf(wanted));
process.stdout.write(JSON.stringify(answers));
