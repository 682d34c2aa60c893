"""A slip in the domain is found where it is one, and nobody's own domain is called a mistake."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.mail.typos import meant

SLIPS = {
    "gmial.com": "gmail.com",
    "gamil.com": "gmail.com",
    "gmal.com": "gmail.com",
    "gmai.com": "gmail.com",
    "gmaill.com": "gmail.com",
    "gnail.com": "gmail.com",
    "mgail.com": "gmail.com",
    "gmail.con": "gmail.com",
    "gmail.co": "gmail.com",
    "gmail.cm": "gmail.com",
    "gmial.con": "gmail.com",
    "GMIAL.COM": "gmail.com",
    "hotmial.com": "hotmail.com",
    "hotmal.com": "hotmail.com",
    "hormial.com": "hotmail.com",
    "hotmal.de": "hotmail.de",
    "outlok.com": "outlook.com",
    "outllook.com": "outlook.com",
    "yaho.com": "yahoo.com",
    "yahooo.com": "yahoo.com",
    "yahoo.co.jo": "yahoo.co.jp",
    "iclod.com": "icloud.com",
    "qq.con": "qq.com",
    "qq.cm": "qq.com",
    "163.con": "163.com",
    "126.cmo": "126.com",
    "foxmial.com": "foxmail.com",
    "naevr.com": "naver.com",
    "hanmai.net": "hanmail.net",
}
RIGHT = (
    *("gmail.com", "qq.com", "163.com", "126.com", "hotmail.com", "outlook.com", "yahoo.co.jp"),
    *("gmx.com", "gmx.net", "gmx.de", "mail.com", "email.com", "ymail.com", "fmail.com", "me.com"),
    *("qq.com.cn", "sina.com.cn", "sina.cn", "vip.qq.com", "vip.163.com", "139.com", "189.cn"),
    *("yahoo.ca", "yahoo.com.cn", "hotmail.ca", "outlook.jp", "live.cn", "googlemail.com"),
    *("proton.me", "pm.me", "cloud.com", "tom.com", "yeah.net", "never.com", "nave.com"),
    *("gmail.net", "google.com", "hotel.com", "office.com", "apple.com", "yale.com", "orage.fr"),
    *("example.com", "harbour-books.example", "kunde.test", "mail.gmail.com", "gail.com"),
    *("例え.jp", "localhost", "gmail", "", ".", "com", "qq", "gmail."),
)


@pytest.mark.parametrize(("domain", "right"), SLIPS.items())
def test_a_slip_of_the_keyboard_is_found(domain: str, right: str) -> None:
    assert meant(domain) == right


@pytest.mark.parametrize("domain", RIGHT)
def test_a_domain_of_its_own_is_never_called_a_mistake(domain: str) -> None:
    assert meant(domain) is None


@given(st.text(alphabet=string.ascii_lowercase + string.digits, min_size=1, max_size=3))
def test_short_names_are_too_near_to_each_other_to_guess(name: str) -> None:
    """But for their endings: `qq.con`."""
    assert meant(f"{name}.com") is None
    assert meant(f"{name}.con") in {None, f"{name}.com"}


@given(st.text(max_size=300))
def test_whatever_stands_there_is_read_and_what_is_proposed_is_no_slip(domain: str) -> None:
    right = meant(domain)
    assert right is None or meant(right) is None
