from mailproof.client.email import Email as Email
from mailproof.client.errors import KeyConflict as KeyConflict
from mailproof.client.errors import KeyRefused as KeyRefused
from mailproof.client.errors import LaneClosed as LaneClosed
from mailproof.client.errors import MailproofError as MailproofError
from mailproof.client.errors import NotAccepted as NotAccepted
from mailproof.client.errors import NotConfigured as NotConfigured
from mailproof.client.errors import NotNow as NotNow
from mailproof.client.errors import OutcomeUnknown as OutcomeUnknown
from mailproof.client.mailproof import BlockingMailproof as BlockingMailproof
from mailproof.client.mailproof import Mailproof as Mailproof
from mailproof.client.receipt import Receipt as Receipt
from mailproof.mail.invalid import InvalidInput as InvalidInput
from mailproof.mail.lifecycle import State as State

__version__: str
