import { cookies } from "next/headers";
import type { HTMLAttributes } from "react";

declare global {
  namespace JSX {
    interface IntrinsicElements {
      "mail-status": HTMLAttributes<HTMLElement> & { src: string; "change-address"?: string };
    }
  }
}

const ASKED: Record<string, string> = {
  en: "We are sending you a link to sign in.",
  zh: "我们正在给您发送登录链接。",
  ja: "ログイン用のリンクを送信しています。",
  ko: "로그인 링크를 보내고 있습니다.",
};

/** In place of "Check your email": what is true, in the reader's language, as it changes. */
export default function SigninSentPage({ params: { lang } }: { params: { lang: string } }) {
  const src = cookies().get("mail-status")?.value;
  const asked = <p>{ASKED[lang] ?? ASKED.en}</p>;
  return (
    <main className="container flex min-h-screen max-w-md flex-col justify-center">
      {src ? (
        <>
          <script src={new URL("/status.js", src).href} type="module" async />
          <mail-status src={src} lang={lang} change-address={`/${lang}/login`}>
            <a href={src}>{asked}</a>
          </mail-status>
        </>
      ) : (
        asked
      )}
    </main>
  );
}
