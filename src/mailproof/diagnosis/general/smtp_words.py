"""What mail servers mean, in the words that most of them share.

Asked after the tables of known systems and before the codes: a server that says `over quota` behind
5.1.1 means a full mailbox. Words that fit many causes (`rejected`, `try later`) stand in `WEAK`,
behind the enhanced codes. The order is the argument: who is judged is asked before what is wrong.
"""

from typing import Final

from mailproof.diagnosis.evidence import Origin
from mailproof.diagnosis.general.smtp_words_mail import CONTENT, RECIPIENT
from mailproof.diagnosis.general.smtp_words_sender import (
    ACCOUNT,
    BLOCKED,
    LIMITS,
    RELAY,
    SENDER_PROOF,
    SUSPENDED,
)
from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, rule

__all__ = ["STRONG", "WEAK"]

R = Reason

_BLOCK: Final = "DNSBL operators and MTAs: client and greeting restrictions"
_LATER: Final = "RFC 5321 section 4.2.1; replies of overloaded or unreachable servers"

STRONG: Final = (
    Table(
        "smtp.words",
        (
            *ACCOUNT,
            *SENDER_PROOF,
            *LIMITS,
            *BLOCKED,
            *RELAY,
            *SUSPENDED,
            *RECIPIENT,
            *CONTENT,
        ),
        replies=True,
    ),
)

WEAK: Final = Table(
    "smtp.weak_words",
    (
        rule(
            R.PROVIDER_UNAVAILABLE,
            "RFC 5321 section 4.5.3.2: the server waited for its client, which is us",
            code=range(400, 500),
            origin=Origin.PROVIDER,
            reply=r"\btime(?:d|-)? ?-?out\b.{0,30}(?:waiting|client|command|clos|idle|input)|"
            r"idle (?:for )?too long",
        ),
        rule(
            R.RECEIVER_UNAVAILABLE,
            _LATER,
            reply=r"loop|too many hops|hop count|timed? ?-?out|timeout|unreachable|no route|"
            r"lost connection|"
            r"connection (?:reset|dropped|closed|failed|refused|lost)|refused to talk|"
            r"expired|"
            r"(?:unable to|cannot|can't|could ?n[o']t) (?:contact|connect|reach)|"
            r"no healthy|recipient error|deliver\w* temporar|lock fail|error while writing|"
            r"couldn't create|"
            r"config(?:uration)? error",
        ),
        rule(
            R.PROVIDER_UNAVAILABLE,
            _LATER,
            reply=r"temporar|try (?:it )?(?:again|later)|retry|come back|later|busy|overload|"
            r"resource|unavailable|"
            r"not available|not accepting|internal|system (?:error|problem)|maintenance|shutting|"
            r"closing|insufficient|server (?:error|down)|is down|local (?:error|problem)",
        ),
        rule(
            R.CONFIGURATION_INVALID,
            "RFC 5321 section 4.2.2, 500 to 504: commands in the wrong order, or unknown here",
            stage=("connect", "ehlo", "auth", "mail", "rcpt", "data", ""),
            reply=r"already (?:said|issued|given|specified)|out of (?:order|sequence)|"
            r"(?:bad|wrong|invalid|improper) (?:command )?sequence|(?:command|verb)\b.{0,30}"
            r"(?:not (?:implemented|recogni|support|understood)|unrecogni|unimplement|unknown)|"
            r"(?:unknown|unrecogni\w+|unimplemented|unsupported|invalid) (?:smtp )?"
            r"(?:command|verb)",
        ),
        rule(
            R.MAILBOX_NOT_FOUND,
            "Cisco Secure Email and others: an unknown recipient in bare words",
            stage=("rcpt", ""),
            reply=r"recipient (?:address )?rejected\W*$|invalid address",
        ),
        rule(
            R.SENDER_BLOCKED,
            _BLOCK,
            stage=("connect", "ehlo"),
            reply=r"reject|denied|refus|block|not (?:allowed|welcome|accept)|polic",
        ),
        rule(R.SENDER_BLOCKED, "Cisco Secure Email: host access table", reply=r"your access to"),
        rule(
            R.SENDER_BLOCKED,
            _BLOCK,
            reply=r"sender (?:address )?(?:rejected|blocked|denied)|not accept(?:ed)? from|"
            r"(?:den(?:y|ies)|rejects?|refuses?) (?:the |this |your )?sender",
        ),
        rule(
            R.CONTENT_REJECTED,
            "RFC 5321 section 4.2.5: refused once the mail itself was read, and no word why",
            origin=Origin.PROVIDER,
            stage="end-of-data",
            code=range(500, 600),
            reply=r"(?:e?mail|message)\b.{0,12}(?:reject|refus|denied|not accept)\w*\W*$",
        ),
        rule(
            R.RECIPIENT_REFUSED,
            "RFC 3463 section 3.8: policy, without a finer cause",
            code=range(500, 600),
            reply=r"polic|prohibit|denied|not (?:accept|allow|authori|permit)|administrat|refus|"
            r"restrict|reject|"
            r"go away|block|filtered|violation",
        ),
    ),
    replies=True,
)
