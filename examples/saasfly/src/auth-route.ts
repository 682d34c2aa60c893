import NextAuth, { type AuthOptions } from "next-auth";
import type { NextRequest } from "next/server";

import { withStatus } from "./status-cookie";

interface Context {
  params: { nextauth: string[] };
}

/** What `apps/nextjs/src/app/api/auth/[...nextauth]/route.ts` exports as GET and POST. */
export function authRoute(options: AuthOptions) {
  const handler = NextAuth(options) as (request: Request, context: Context) => Promise<Response>;
  const post = withStatus(handler);
  return { GET: handler, POST: (request: NextRequest, context: Context) => post(request, context) };
}
