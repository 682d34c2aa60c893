"""What an HTTP API says when no provider's rule fits: its words first, then the status.

What the body says beats the status code; the status decides alone only where nothing else is known.
"""

from typing import Final

from mailproof.diagnosis.general import api_words
from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, rule

__all__ = ["TABLE"]

R = Reason

_STATUS: Final = (
    rule(R.CREDENTIALS_INVALID, "RFC 9110 section 15.5.2", status=401),
    rule(R.ACCOUNT_SUSPENDED, "RFC 9110 section 15.5.3: unpaid", status=402),
    rule(R.UNKNOWN, "RFC 9110 section 15.5.4: refused, and no word why", status=403),
    rule(
        R.CONFIGURATION_INVALID,
        "RFC 9110 sections 15.5.5 to 15.5.22: path, method, host or protocol",
        status=(404, 405, 406, 410, 411, 415, 421, 426, 497, 501, 505),
    ),
    rule(R.TIMED_OUT, "RFC 9110 section 15.5.9", status=(408, 460, 499)),
    rule(R.IN_PROGRESS, "RFC 9110 section 15.5.10, RFC 4918, RFC 8470", status=(409, 423, 425)),
    rule(R.MESSAGE_TOO_LARGE, "RFC 9110 section 15.5.14", status=413),
    rule(R.RATE_LIMITED, "RFC 6585 section 4; 420 is older than it", status=(420, 429)),
    rule(R.CONTENT_REJECTED, "RFC 7725", status=451),
    rule(R.QUOTA_EXCEEDED, "509: bandwidth of the plan, as hosting panels use it", status=509),
    rule(R.PROVIDER_UNAVAILABLE, "RFC 9110 section 15.6", status=range(500, 600)),
    rule(
        R.MESSAGE_INVALID,
        "RFC 9110 sections 15.5.1 and 15.5.21: the request is understood and wrong",
        status=(400, 412, 414, 422, 424, 428, 431),
    ),
)

TABLE: Final = Table(
    "http",
    (*api_words.ACCOUNT, *api_words.KEY_AND_SENDER, *api_words.MAIL, *_STATUS, *api_words.LAST),
)
