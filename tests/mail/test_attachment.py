"""Attachments: the bytes that were meant, or a refusal."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.mail.attachment import FORBIDDEN_EXTENSIONS, Attachment
from mailproof.mail.invalid import InvalidInput

PDF = base64.b64encode(b"%PDF-1.7").decode()


def read(tree: Any) -> Attachment:
    return Attachment.from_json(tree, where="attachments[0]")


def test_content_comes_out_as_the_bytes_that_went_in() -> None:
    assert read({"filename": "a.pdf", "content": PDF}).content == b"%PDF-1.7"


def test_base64_in_lines_is_read_too() -> None:
    assert read({"filename": "a.pdf", "content": PDF[:4] + "\r\n" + PDF[4:]}).content == b"%PDF-1.7"


@pytest.mark.parametrize(
    "content", [list(b"%PDF"), {"type": "Buffer", "data": list(b"%PDF")}], ids=["list", "Buffer"]
)
def test_bytes_as_the_sdks_serialize_them_are_read(content: Any) -> None:
    assert read({"filename": "a.pdf", "content": content}).content == b"%PDF"


def test_an_empty_file_is_a_file() -> None:
    assert read({"filename": "empty.txt", "content": ""}).content == b""


def test_a_url_gives_the_file_its_name() -> None:
    attachment = read({"path": "https://acme.com/files/Rechnung%20M%C3%A4rz.pdf?v=2"})
    assert attachment.filename == "Rechnung März.pdf"
    assert attachment.content is None


def test_an_inline_image_keeps_its_content_id_under_either_name() -> None:
    for name in ("content_id", "inline_content_id"):
        assert read({"filename": "a.png", "content": PDF, name: "logo"}).content_id == "logo"


@pytest.mark.parametrize(
    ("tree", "where", "why"),
    [
        ("a.pdf", "attachments[0]", "a text stands where an object belongs"),
        ({"filename": "a.pdf"}, "attachments[0]", "neither `content` nor `path`"),
        (
            {"filename": "a.pdf", "content": PDF, "path": "https://acme.com/a.pdf"},
            "attachments[0]",
            "both `content` and `path`",
        ),
        ({"content": PDF}, "attachments[0].filename", "no file name"),
        ({"path": "https://acme.com"}, "attachments[0].filename", "no file name"),
        ({"filename": 7, "content": PDF}, "attachments[0].filename", "a number"),
        ({"filename": "a\r\nb.pdf", "content": PDF}, "attachments[0].filename", "line break"),
        ({"filename": "a" * 256, "content": PDF}, "attachments[0].filename", "256 characters"),
        ({"filename": "run.EXE", "content": PDF}, "attachments[0].filename", r"\.exe"),
        ({"filename": "a.pdf", "content": "%%%"}, "attachments[0].content", "not base64"),
        ({"filename": "a.pdf", "content": "Zoë"}, "attachments[0].content", "not base64"),
        ({"filename": "a.pdf", "content": "QQ"}, "attachments[0].content", "not base64"),
        (
            {"filename": "a.pdf", "content": f"data:application/pdf;base64,{PDF}"},
            "attachments[0].content",
            "data: URL",
        ),
        ({"filename": "a.pdf", "content": 7}, "attachments[0].content", "a number"),
        ({"filename": "a.pdf", "content": [1, 256]}, "attachments[0].content[1]", "no byte"),
        ({"filename": "a.pdf", "content": [True]}, "attachments[0].content[0]", "no byte"),
        ({"path": "/etc/passwd"}, "attachments[0].path", "no http or https URL"),
        ({"path": "file:///etc/passwd"}, "attachments[0].path", "no http or https URL"),
        ({"path": "https://[::1/a.pdf"}, "attachments[0].path", "no URL"),
        (
            {"filename": "a.pdf", "content": PDF, "content_type": "pdf"},
            "attachments[0].content_type",
            "no media type",
        ),
        (
            {"filename": "a.pdf", "content": PDF, "content_type": "a/b\r\nBcc: x"},
            "attachments[0].content_type",
            "line break",
        ),
        (
            {"filename": "a.png", "content": PDF, "content_id": "i" * 128},
            "attachments[0].content_id",
            "no content id",
        ),
        (
            {"filename": "a.png", "content": PDF, "content_id": "a> <b"},
            "attachments[0].content_id",
            "no content id",
        ),
    ],
)
def test_a_bad_attachment_is_refused_with_its_place(tree: Any, where: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why) as refused:
        read(tree)
    assert refused.value.where == where
    assert refused.value.fix.endswith(".")


def test_what_no_mail_service_takes_is_refused_whatever_its_case() -> None:
    for extension in FORBIDDEN_EXTENSIONS:
        with pytest.raises(InvalidInput, match="do not accept"):
            read({"filename": f"x.{extension.title()}", "content": PDF})


def test_a_name_that_only_looks_like_an_extension_is_fine() -> None:
    assert read({"filename": "exe", "content": PDF}).filename == "exe"


@given(
    content=st.binary(max_size=200),
    filename=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=80),
    extra=st.dictionaries(st.sampled_from(["size", "x"]), st.integers() | st.text("abc")),
)
def test_an_attachment_survives_the_way_out_and_back(
    content: bytes, filename: str, extra: dict[str, Any]
) -> None:
    attachment = Attachment(filename=filename, content=content, content_id="logo", extra=extra)
    assert read(attachment.to_json()) == attachment
    assert attachment.encoded_size == len(base64.b64encode(content))
