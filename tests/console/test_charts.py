"""Shapes of numbers, and texts of the guidance as HTML: what is drawn is what was counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.config.settings import Secret, Settings
from mailproof.console.pages.charts import SPANS, chart, counted_bars, spark
from mailproof.console.pages.mending import hint_of, mend_of
from mailproof.console.pages.phrasing import Speech
from mailproof.console.pages.rich import rich
from mailproof.console.zones import UNKNOWN
from mailproof.store.console.minutes import Minute
from mailproof.store.mails.failures import failure_to_json
from tests.console.pages_world import KEY, refused_key, relay, resend

NOW = 1_800_000_000_000
MINUTE = NOW // 60_000

counts = st.integers(min_value=0, max_value=100_000)
rows = st.lists(
    st.builds(Minute, st.integers(MINUTE - 200, MINUTE), counts, counts, counts, counts),
    max_size=30,
    unique_by=lambda each: each.minute,
)


@given(rows)
def test_no_mail_is_lost_between_the_numbers_and_the_bars(minutes: list[Minute]) -> None:
    drawn = chart(minutes, NOW, SPANS["hours"])
    first = drawn.columns[0].at // 60_000
    shown = [each for each in minutes if each.minute >= first]
    assert drawn.sent == sum(each.sent for each in shown)
    assert drawn.waiting == sum(each.waiting for each in shown)
    assert drawn.bad == sum(each.bad for each in shown)
    assert len(drawn.columns) == 60


@given(rows)
def test_every_bar_stays_inside_of_the_picture(minutes: list[Minute]) -> None:
    for span in SPANS.values():
        for bar in chart(minutes, NOW, span).bars:
            assert bar.x >= 34
            assert bar.x + bar.width <= 1_150
            assert bar.height > 0
            assert bar.y >= 14
            assert bar.y + bar.height <= 146
    for bar in spark(minutes, NOW):
        assert 0 <= bar.y < 20
        assert bar.x + bar.width <= 120


def test_the_lines_of_the_chart_reach_over_the_highest_bar() -> None:
    drawn = chart([Minute(MINUTE, 0, 33, 0, 0)], NOW, SPANS["hours"])
    assert [count for _, count in drawn.grid] == [10, 20, 30, 40]


def test_a_moment_is_marked_only_where_it_falls_into_the_chart() -> None:
    hours = SPANS["hours"]
    assert chart([], NOW, hours, NOW - 3 * 3_600_000).mark is None
    mark = chart([], NOW, hours, NOW - 3_600_000).mark
    assert mark is not None
    assert 500 < mark < 700


def test_a_minute_in_which_mail_only_came_to_wait_is_amber() -> None:
    bars = spark([Minute(MINUTE - 9, 4, 4, 0, 0), Minute(MINUTE, 5, 0, 5, 0)], NOW)
    assert [bar.tone for bar in bars] == ["", "waiting"]


def test_what_is_older_than_an_hour_is_not_in_the_small_picture() -> None:
    assert counted_bars({MINUTE - 61: 5}, NOW) == ()
    assert len(counted_bars({MINUTE - 59: 5, MINUTE: 1}, NOW)) == 2


@given(
    st.text(st.sampled_from("<b>&\"'` h")).map(
        lambda text: f"<i>{text}`x`</i> https://a.test/{text}"
    )
)
def test_no_text_of_the_guidance_can_bring_marks_of_its_own(text: str) -> None:
    told = str(rich(text)).replace("<code>", "").replace("</code>", "").replace("</a>", "")
    assert "<" not in told.replace('<a href="https://', "")


def test_commands_are_code_and_addresses_of_pages_are_links() -> None:
    told = str(rich("Run `a < b`, see https://resend.com/api-keys, then stop."))
    assert "<code>a &lt; b</code>" in told
    assert 'href="https://resend.com/api-keys"' in told
    assert ">resend.com/api-keys</a>, then stop." in told


def test_of_a_key_only_its_ends_are_shown_and_of_a_short_one_nothing() -> None:
    hint = hint_of(resend())
    assert (hint.text, hint.source) == ("re_8fKd…q2vX", "RESEND_API_KEY")
    short = hint_of(resend(key="re_8fKdAbCd_EfGh"))
    assert (short.text, short.is_set) == ("", True)


def test_of_a_login_the_password_is_never_shown() -> None:
    hint = hint_of(relay())
    assert hint.is_login
    assert hint.text == "news%40acme.test@mail.acme.test"


def test_a_key_file_that_is_away_is_shown_as_not_set() -> None:
    def away() -> str:
        raise FileNotFoundError(2, "No such file", "key")

    hint = hint_of(resend(api_key=Secret("file:key", away)))
    assert (hint.text, hint.is_set, hint.source) == ("", False, "key")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_line_to_copy_stands_at_the_step_that_speaks_of_it(language: str) -> None:
    settings = _settings()
    speech = Speech(language, UNKNOWN, NOW)  # type: ignore[arg-type]
    told = failure_to_json(refused_key()).decode()
    mend = mend_of(told, "credentials_invalid", "resend", settings, speech)
    assert mend is not None
    text, line = mend.steps[0]
    assert "RESEND_API_KEY" in text
    assert line == "RESEND_API_KEY=re_…"
    assert KEY not in str(mend)
    assert mend.by_hand.startswith("curl -i https://api.resend.com/domains")
    assert (mend.bad, mend.evidence) == ("401", "validation_error\n“API key is invalid”")


def _settings() -> Settings:
    return Settings(file="", language="en", store_url=Secret("default", str), providers=(resend(),))
