"""The mails that Tidewell sends."""

from html import escape

from mailproof import Email
from tidewell.wording import words

__all__ = ["letter"]


def letter(kind: str, purpose: str, address: str, url: str, language: str) -> Email:
    """`kind`: which words; `url`: where its button leads."""
    said = words(language)["mail"][kind]
    end = said["end"]
    return Email(
        to=address,
        subject=said["subject"],
        text=f"{said['text']}\n\n{url}\n\n{end}\n",
        html=(
            f'<p lang="{language}">{escape(said["text"])}</p>'
            f'<p><a href="{escape(url)}">{escape(said["button"])}</a></p>'
            f"<p>{escape(end)}</p>"
        ),
        purpose=purpose,
    )
