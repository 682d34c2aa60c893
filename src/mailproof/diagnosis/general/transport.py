"""No answer at all: what the network, TLS and the client library said, in every common language.

Classes and errno names decide first, by the stems they share, so that a client we have never seen
is read too; the words decide where a library hides them. Order matters: DNS, TLS and time-outs are
often wrapped in "connection failed". Whether the provider may have the mail hangs on the phase:
`ambiguous=False` where the row itself shows that nothing was sent.
"""

from typing import Final

from mailproof.diagnosis.general import tls
from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, rule

__all__ = ["TABLE"]

R = Reason

_OURS: Final = ("exception", "sdk")

_CLIENT: Final = (
    rule(
        R.CREDENTIALS_INVALID,
        "RFC 9110 section 5.5: a key with a line break or beyond Latin-1 cannot be a header",
        channel=_OURS,
        text=r"(?:invalid|illegal|unsupported|forbidden|not (?:a )?(?:valid|allowed)|latin-1"
        r"|newline|leading or trailing|control).{0,60}(?:authorization|bearer|api[-_ ]?key)"
        r"|(?:authorization|bearer|api[-_ ]?key).{0,80}(?:invalid (?:char|header|value)"
        r"|illegal|latin-1|newline|line break|not (?:a )?(?:valid|allowed) (?:header|http))"
        r"|convert argument to a bytestring|latin-1.{0,60}in position \d{1,2}: ordinal",
        ambiguous=False,
        guide="key_malformed",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "URL errors by class: urllib3, httpx, aiohttp, undici, java.net, .NET, cURL 1 and 3",
        raised=r"invalid_?ur[il]|malformedurl|urisyntax|uriformat|missingschema|invalidschema"
        r"|unsupportedprotocol|nonhttpurl|locationparse|locationvalue|err_invalid_protocol"
        r"| curl_[13] ",
        ambiguous=False,
        guide="base_url",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "URL errors as text: Go net/url, reqwest, node-fetch, okhttp, Guzzle",
        channel=_OURS,
        text=r"unsupported protocol(?! version)(?! \(_ssl)|only (?:absolute urls"
        r"|http\(s\) protocols?)|(?:invalid|malformed|bad|failed to parse"
        r"|unrecognized request) (?:the )?(?:base )?ur[il]\b"
        r"|no (?:scheme|host) (?:was )?(?:supplied|in request url|given)"
        r"|relative url without a base|missing (?:an? )?['\"]?(?:http|scheme|protocol)"
        r"|url (?:scheme|using bad)|expected url scheme|protocol \"[^\"]*\" not supported"
        r"|no connection adapters|unknown url type|valid url was not provided",
        ambiguous=False,
        guide="base_url",
    ),
    rule(
        R.MESSAGE_INVALID,
        "The mail that our own client cannot write as JSON: Python, V8, Go, PHP",
        channel=_OURS,
        text=r"not json[- ]serializable|circular structure|json: unsupported (?:type|value)"
        r"|json_encode error|cannot serialize",
        ambiguous=False,
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "WordPress WP_Http: WP_HTTP_BLOCK_EXTERNAL, or PHP without cURL and streams",
        name=("http_request_not_executed", "http_failure"),
        ambiguous=False,
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "Redirects of an API call end nowhere: wrong scheme or host",
        raised=r"redirect| curl_47 ",
        guide="base_url",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "Redirects as text: Go net/http, undici, reqwest",
        channel=_OURS,
        text=r"stopped after \d+ redirects|redirect count exceeded|too many redirects"
        r"|unexpected redirect|error following redirect",
        guide="base_url",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "Node's HTTP parser: the port speaks something else",
        raised=r" hpe_invalid_constant ",
        ambiguous=False,
        guide="base_url",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "Go net/http on a plain port; Deno without its network permission",
        channel=_OURS,
        text=r"server gave http response to https client|sent to https port|--allow-net",
        ambiguous=False,
        guide="base_url",
    ),
)

_MET_A_PAGE: Final = (
    r"unexpected token (?:at )?'?<|invalid character '<'|'<' is an invalid|\b0x3c\b"
    r"|unexpected character.{0,6}'<'|value: <"
    r"|(?:mimetype|content[- ]type|expected json|but got|received):? ?.{0,30}text/html"
    r"|begin_object but was string"
)
_NOT_THE_API: Final = (
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "RFC 9110 section 15.5.8; CONNECT refused by our own proxy",
        raised=r"httpproxyerror|proxyauth|err_proxy_|err_tunnel",
        ambiguous=False,
        guide="proxy_login",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "httpx prints the proxy's answer",
        raised=r"proxyerror",
        status=(400, 401, 403, 404, 405, 407),
        ambiguous=False,
        guide="proxy_login",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "Tunnel errors as text: urllib3, cURL, undici, tunnel-agent, java.net, Go",
        channel=_OURS,
        text=r"proxy.?auth|tunnel connection failed: [34]|(?:proxy|tunnel).{0,80}\b(?:403|407)\b"
        r"|\b(?:403|407)\b.{0,40}(?:proxy|connect\b|tunnel)|not in (?:the )?allow-?list"
        r"|blocked[- ]by[- ](?:allowlist|policy|proxy|administrator)",
        ambiguous=False,
        guide="proxy_login",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "JSON decoders that met a page: V8, Go encoding/json, aiohttp, Gson, Newtonsoft",
        channel=_OURS,
        status=(200, 201, 202, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 406),
        text=_MET_A_PAGE,
        guide="not_json",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "JSON decoders that met a page and lost its status: a gateway's 504 looks the same",
        channel=_OURS,
        status=0,
        text=_MET_A_PAGE,
        ambiguous=True,
        guide="not_json",
    ),
    rule(
        R.PROVIDER_UNAVAILABLE,
        "JSON decoders that met nothing or half an answer",
        channel=_OURS,
        status=(0, 500, 502, 503, 504),
        text=r"unexpected end of json|expect(?:ing|ed) value:? (?:at )?line 1"
        r"|not (?:a )?valid json|error decoding response body|no content to map"
        r"|invalid json (?:response|body)|(?:unable|failed|could not) (?:to )?(?:parse"
        r"|decode)[^.]{0,30}(?:response|json|body)|(?:no|empty|missing) (?:response )?(?:content"
        r"|response|body)\b.{0,12}(?:returned|received|from)|returned (?:an? )?(?:no|empty"
        r"|unexpected|unknown|malformed) (?:response|content|body|answer)",
        ambiguous=True,
    ),
    rule(
        R.PROVIDER_UNAVAILABLE,
        "JSON decoders by class: resend-php, resend-python, Gson, Jackson, Newtonsoft, Ruby",
        raised=r"unserializ|deserializ|json(?:decode|parse|syntax|reader|mapping)"
        r"| parser?error | parsingerror |nocontent",
        status=(0, 500, 502, 503, 504),
        ambiguous=True,
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "Greetings of SSH, POP3 (RFC 1939), IMAP (RFC 9051) and FTP: a wrong port",
        channel=_OURS,
        text=r"greeting.{0,60}(?:ssh-\d|\+ok\b|\* ok\b|220[ -].{0,40}ftp)",
        ambiguous=False,
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "A web server or a filter answers on the mail port",
        channel=_OURS,
        text=r"greeting.{0,60}http/[\d.]+ \d|http/[\d.]+ [45]\d\d bad request$"
        r"|\b(?:mfe|mcafee|fortigate|fortimail|kaspersky|norton|avast|symantec"
        r"|barracuda)\b.{0,40}(?:proxy|not available|block|scan)",
        ambiguous=False,
    ),
)

_DNS: Final = (
    rule(
        R.DNS_FAILURE,
        "Resolver errors by class or errno: getaddrinfo (RFC 3493), Node, Java, .NET, cURL 5 and 6",
        raised=r"gaierror| herror | enotfound | eai_|dns|unknownhost|nameresol|resolutionerror"
        r"|nxdomain|unresolved|esrvfail|name_not_resolved|hostnotfound|host_not_found"
        r"| curl_[56] ",
        ambiguous=False,
    ),
    rule(
        R.DNS_FAILURE,
        "Resolver errors as text, whatever the client",
        channel=_OURS,
        text=r"getaddrinfo(?! *\()|(?:host|name) could not be resolved|name or service not known"
        r"|name resolution|no such host|unknown host|(?:could not|couldn.t|cannot|can.t"
        r"|unable to|failed to|does not|not) (?:be )?resolve\b|nodename nor servname"
        r"|no address associated|failed to lookup address|domain name not found"
        r"|host(?:name)?\b.{0,20}(?:not (?:be )?found|lookup)"
        r"|gethostby\w+|\blookup [\w.-]+(?: on [\w.:\[\]]+)?:"
        r"|\bdns\b.{0,20}(?:error|fail|lookup|resol"
        r"|nxdomain|servfail)|name (?:is )?not known|不知道这样的主机|域名解析|无法解析",
        ambiguous=False,
    ),
)

_REFUSED: Final = (
    rule(
        R.CONNECTION_FAILED,
        "No connection came up: errno names of POSIX and Winsock, classes, cURL 97",
        raised=r"connection_?refused|econnrefused|unreach|noroute|hostdown|netdown|addrnotavail"
        r"| emfile | enobufs | eacces | eperm |proxyconnection| curl_97 ",
        ambiguous=False,
    ),
    rule(
        R.CONNECTION_FAILED,
        "No connection came up, in words that leave no doubt",
        channel=_OURS,
        text=r"connection refused|actively refused|积极拒绝|no route to host"
        r"|cannot assign requested|(?:network|host|destination|address|server) (?:is )?(?:un"
        r"|not )reach|too many open files|connect(?: tcp)?:? [^\n]{0,80}(?:refused"
        r"|unreachable|denied)|permission denied|access permissions"
        r"|(?:appears|seems) to be offline|you are offline",
        ambiguous=False,
    ),
)

_TIME: Final = (
    rule(
        R.TIMED_OUT,
        "Time-outs before the request, by class: connect, pool",
        raised=r"connect(?:ion)?_?time(?:d_?)?out|pooltimeout|acquiretimeout|opentimeout"
        r"|connection(?:pool|request)timeout|connection_timed_out",
        ambiguous=False,
    ),
    rule(
        R.TIMED_OUT,
        "Time-outs before the request, as text: cURL 28, Node, urllib3, Go dial, nodemailer, PHP",
        channel=_OURS,
        text=r"timed out: connect|resolving timed out|connect e?timed?[- ]?out|\bconnect(?:ion"
        r"|ing)?(?: to [\w.:-]+)?[ _-]timed?[ _-]?out (?:after|error|to)"
        r"|\bconnect timed? ?out|connection timeout|greeting never"
        r"|connect to .{0,160}: connection timed out|连接超时"
        r"|没有正确答复|connection took longer than|time[sd]? ?out.{0,30}(?:connecting|to connect"
        r"|establish|open|greeting"
        r"|from pool)|(?:failed|unable|could not|couldn.t|cannot) (?:to )?(?:connect"
        r"|establish|open)[^\n]{0,200}(?:timed ?out|timeout was|errno 110|errno 60|10060)"
        r"|(?:dial|tcp connect)[^\n]{0,160}time[sd]? ?out"
        r"|connection attempt failed.{0,80}(?:not properly respond|period of time)",
        ambiguous=False,
    ),
    rule(
        R.TIMED_OUT,
        "Time-outs and deadlines by class or errno; our own cancelling is one too",
        raised=r"(?<!gateway)(?<!gateway_)time(?:d_?)?_?out|deadline|taskcanceled"
        r"|operationcanceled|cancellederror"
        r"|abort_?err|err_canceled|und_err_aborted|interruptedio|etimeout| curl_28 ",
    ),
    rule(
        R.TIMED_OUT,
        "Time-outs as text, whatever the client",
        channel=_OURS,
        status=0,
        text=r"time[sd]?[ -]?out(?![:=]? ?-?\d+ ?(?:ms)?(?:$|[;,)\n]))"
        r"|deadline (?:has )?(?:exceeded|elapsed|expired)|execution expired"
        r"|超时|\btook longer than|(?:operation|request|fetch|context|task) (?:was |is )?(?:aborted"
        r"|cancell?ed)",
    ),
    rule(
        R.TIMED_OUT,
        "An SDK that turned its own time-out into a status",
        channel=_OURS,
        status=(500, 599),
        text=r"(?:read|connect|connection|socket|request|operation) time[sd]?[ -]?out|i/o timeout"
        r"|deadline exceeded|timeout of \d+ ?ms",
    ),
)

_NO_CONNECTION: Final = (
    rule(
        R.CONNECTION_FAILED,
        "No connection came up, as text: Go dial, reqwest, PHP streams, .NET, Bun",
        channel=_OURS,
        text=r"failed to (?:establish|open|connect)|error trying to connect|tcp connect error"
        r"|无法连接|(?:unable|could not|couldn.t|cannot|failed|can.t) (?:to )?(?:connect"
        r"|open socket|open \S+:25\b|establish)|client error \(connect\)|could not be established"
        r"|please run connect\(\) first|connect\(\) failed",
        ambiguous=False,
    ),
    rule(
        R.CONNECTION_FAILED,
        "No connection came up, and the class alone says so: urllib3, botocore, Java, cURL 7",
        error=(
            "newconnectionerror",
            "endpointconnectionerror",
            "httphostconnectexception",
            "mailconnectexception",
            "curl_7",
        ),
        ambiguous=False,
    ),
)

_BROKEN: Final = (
    r"econnreset|connectionreset|aborted| epipe |brokenpipe|econnection| esocket |und_err_socket"
    r"| socketerror |disconnect|protocol(?:error|exception)|nohttpresponse|closed|incomplete| eof"
    r"|ssleof|chunkedencoding|payloaderror|readerror|writeerror|premature|err_http2_|streamreset"
    r"|shutdown|connectionlost| curl_(?:16|18|52|55|56|92) "
)
_BROKEN_WORDS: Final = (
    r"(?:connection|socket|stream|server|peer|host|channel|other side"
    r"|remote end)\b.{0,60}\b(?:reset|closed|aborted|lost|dropped|terminated|disconnected|hung up"
    r"|shut ?down|went away)|hang up|without (?:sending )?(?:a |any )?(?:response|reply|answer)"
    r"|failed to respond|not connected|empty reply|(?:unexpected"
    r"|premature)(?:ly)?\b.{0,12}\b(?:end|eof|close)|broken pipe|\beof\b|goaway|closing transport"
    r"|empty response|got code \"\""
    r"|response ended|before message completed|stream (?:error|\d+ was not closed)|write after end"
    r"|强迫关闭|中止了"
)
_LOST: Final = (
    rule(
        R.CONNECTION_FAILED,
        "Broken before the request was out, by class: nothing was accepted",
        written=False,
        raised=_BROKEN,
        ambiguous=False,
    ),
    rule(
        R.CONNECTION_FAILED,
        "Broken before the request was out, as text",
        channel=_OURS,
        written=False,
        text=_BROKEN_WORDS,
        ambiguous=False,
    ),
    rule(
        R.CONNECTION_LOST,
        "Broken after the request was out, or nobody knows when, by class",
        raised=_BROKEN,
    ),
    rule(
        R.CONNECTION_LOST,
        "Broken after the request was out, or nobody knows when, as text",
        channel=_OURS,
        status=0,
        text=_BROKEN_WORDS,
    ),
    rule(
        R.CONNECTION_FAILED,
        "Clients that hide the cause, phase unknown: fetch, axios, .NET, reqwest, requests",
        channel=_OURS,
        status=(0, 500),
        text=r"fetch failed|failed to fetch|unable to fetch|network ?(?:error|request failed)"
        r"|load failed|error sending request|error occurred while sending the request"
        r"|http client error|i/o error|request (?:could not be|failed)|could not be resolved"
        r"|connection (?:error|failed|failure|problem)|max retries exceeded|transport error"
        r"|no response (?:was )?received",
        guide="cause_hidden_by_sdk",
    ),
    rule(
        R.CONNECTION_FAILED,
        "Clients that hide the cause, by class",
        channel=_OURS,
        status=0,
        raised=r"connect(?:or|ion)?(?:error|exception|failed)|clientoserror"
        r"|network_?(?:error|exception)|err_network|httpclienterror"
        r"|(?<!bad)(?<!invalid)requestexception|resourceaccess| urlerror |maxretry| oserror "
        r"| ioexception |socketexception|transport(?:error|exception)| requesterror ",
    ),
)

TABLE: Final = Table(
    "transport",
    (
        *_CLIENT,
        *_NOT_THE_API,
        *_DNS,
        *tls.RULES,
        *_REFUSED,
        *_TIME,
        *_NO_CONNECTION,
        *_LOST,
    ),
)
