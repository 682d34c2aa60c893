// Official Resend SDKs, one call per line: {"sdk", "call", "args", "key"} in, one JSON answer out.
//
// node talk.mjs NAME=FOLDER … , where each FOLDER has an SDK in its node_modules.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const sdks = Object.fromEntries(
  process.argv.slice(2).map((each) => {
    const [name, folder] = each.split('=');
    return [name, createRequire(join(folder, 'package.json'))('resend').Resend];
  }),
);

for await (const line of createInterface({ input: process.stdin })) {
  const { sdk, call, args, key } = JSON.parse(line);
  const [resource, method] = call.split('.');
  let answer;
  try {
    answer = await new sdks[sdk](key)[resource][method](...args);
  } catch (error) {
    answer = { thrown: `${error.name}: ${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
