"""How every provider says that a mail is too large, whatever part of it is blamed.

An attachment that is too large is a matter of size, and stands before the rules about attachments.
"""

from typing import Final

__all__ = ["TOO_LARGE"]

TOO_LARGE: Final = (
    r"\b(?:attachments?|files?|e-?mails?|messages?|payload|content|entity|total)\b.{0,40}"
    r"(?:too (?:large|big)\b|(?:larger|bigger) than|exceed\w*.{0,40}(?:size|\d ?[mk]i?b\b|bytes)"
    r"|\bsize.{0,24}(?:exceed|limit|over))"
)
