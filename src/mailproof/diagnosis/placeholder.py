"""What stands in examples, templates and CI files where a key belongs."""

import re
from typing import Final

__all__ = ["is_placeholder"]

# Whoever asks the gateway for anything has it matched: no part of a text may fit in two ways.
_PLACEHOLDER: Final = re.compile(
    r"""
    (?! .*re_ (?![x_]+$) \w{8}_\w{24} )        # a whole key, whatever word it begins with
    (?:
      .{1,3}                                   # `1`, `x`, `...`
    | re_ [x*._…-]* | re_1234\w*               # what documentation prints
    | re_ (?:your|my|test|fake|dummy|demo|example|secret|api|key|placeholder)\w*
    | [x*.…\-_]+ | <.*> | \[.*\] | \{\{.*\}\}
    | \$\{?\w+\}? | %\w+% | process\.env\.\w+ | import\.meta\.env\.\w+ | env:\w*
    | (?:your|my|insert|paste|enter|add|put|replace|change)[\s_-]?\w*(?:[\s.-]\w+)*
    | (?:resend|api|email|secret|test|fake|dummy|mock|example)[\w-]*?(?:key|token|secret)
    | todo | tbd | fixme | none | null | nil | undefined | false | true | test\w{0,5} | secret
    | dummy | fake | foo | bar | foobar | placeholder | example | changeme | password | resend | key
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)


def is_placeholder(value: str) -> bool:
    """Is this what somebody was meant to replace? Such a value is no secret, and may be shown."""
    return _PLACEHOLDER.fullmatch(value) is not None
