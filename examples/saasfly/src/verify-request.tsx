"use client";

import { useEffect, useState } from "react";

import { statusUrl } from "./status-url";

declare global {
  namespace JSX {
    interface IntrinsicElements {
      "mail-status": React.HTMLAttributes<HTMLElement> & { src: string };
    }
  }
}

/** In place of "Check your email": what is true, in the reader's language, as it changes. */
export function VerifyRequest({ email, lang }: { email: string; lang: string }) {
  const [src, setSrc] = useState("");
  useEffect(() => {
    void statusUrl(email).then(setSrc);
  }, [email]);
  if (!src) return null;
  return (
    <>
      <script src={new URL("/status.js", src).href} type="module" />
      <mail-status src={src} lang={lang} />
    </>
  );
}
