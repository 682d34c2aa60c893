"""Answers that are not the provider's: firewalls, CDNs, proxies, portals, hosts without the app.

Between us and an API that speaks JSON stand machines that speak for themselves. They are told by
structure: a status that only proxies use, a header of theirs, a page where JSON belongs (even with
status 200), their own error numbers. Size and rate are about this mail whoever says them; a 5xx
page of a gateway says that the provider is down behind it.
"""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, rule

__all__ = ["TABLE"]

R = Reason

_API: Final = ("http", "sdk", "exception")
_ORIGIN_DOWN: Final = (520, 521, 522, 523, 524, 525, 526, 527, 530)
_SERVER_ERRORS: Final = (500, 502, 503, 504, 508, 529, 598, 599, *_ORIGIN_DOWN)

_WHOEVER_SAYS_IT: Final = (
    rule(R.MESSAGE_TOO_LARGE, "RFC 9110 section 15.5.14, page of a gateway", status=413, page=True),
    rule(R.RATE_LIMITED, "RFC 6585 section 4, page of a gateway", status=429, page=True),
    rule(
        R.RATE_LIMITED,
        "Cloudflare 1xxx errors: 1015",
        channel=_API,
        text=r"error(?: code:?)? 1015\b|you are being rate limited",
    ),
    rule(R.RATE_LIMITED, "Cloudflare 1xxx errors: 1015, as JSON", mark="error_code=1015"),
    rule(
        R.CONFIGURATION_INVALID,
        "nginx 497 and its page for HTTP on a TLS port",
        channel="http",
        text=r"plain http request was sent to (?:an? )?(?:https|tls)"
        r"|client sent an http request to an https server"
        r"|this combination of host and port requires tls",
        guide="base_url",
    ),
)

_OUR_PROXY: Final = (
    rule(R.BLOCKED_BY_INTERMEDIARY, "RFC 9110 section 15.5.8", status=407, guide="proxy_login"),
    rule(R.BLOCKED_BY_INTERMEDIARY, "RFC 6585 section 6", status=511, guide="portal"),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "RFC 9110 section 9.3.6: our proxy refused the CONNECT, whatever status it chose",
        channel=("sdk", "exception"),
        text=r"tunnel connection failed: \d|tunneling socket could not|http tunneling",
        ambiguous=False,
        guide="proxy_login",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "Headers of forward proxies and office filters: Squid, Blue Coat, Zscaler, egress proxies",
        header=(
            "proxy-authenticate",
            "x-squid-error",
            "x-bluecoat-via",
            "x-zscaler",
            "x-deny-reason",
            "x-proxy-error",
            "x-block-reason",
            "x-mwg",
            "server=zscaler",
            "server=squid",
            "server=bluecoat",
            "server=websense",
            "server=fortigate",
            "server=mcafee web gateway",
            "server=sophos",
            "via=zscaler",
        ),
        status=(200, 302, 400, 401, 403, 404, 405, 409, 451, 500, 501, 502, 503, 504),
        guide="office_filter",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "A redirect to a login is a captive portal or an access gateway (RFC 8952)",
        channel="http",
        status=(301, 302, 303, 307, 308),
        header=(
            "location=portal",
            "location=captive",
            "location=login",
            "location=signin",
            "location=sso",
            "location=hotspot",
            "location=wifi",
            "location=guest",
            "location=blocked",
            "location=blockpage",
            "location=cloudflareaccess",
            "location=accounts.google",
            "location=splash",
            "location=gateway.",
            "location=fgtauth",
        ),
        guide="portal",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "Pages of office filters, antivirus gateways and national blocks",
        shape=("page", "text", "json"),
        text=r"zscaler|zscloud|forti(?:guard|gate|net|client|proxy)|palo alto|paloalto"
        r"|globalprotect|web page blocked|access to this (?:web ?)?(?:site|page) (?:is"
        r"|has been) (?:blocked|denied|restricted)|policy_denied|bluecoat|blue coat"
        r"|symantec (?:web|endpoint)|proxysg|mcafee|trellix|skyhigh|sophos|barracuda"
        r"|web ?sense|forcepoint|netskope|opendns|umbrella\.com"
        r"|cisco (?:umbrella|ironport|secure web)|check ?point|user ?check|watchguard"
        r"|sonicwall|untangle|smoothwall|lightspeed systems|securly|iboss|trend ?micro"
        r"|kaspersky| eset |bitdefender|pi-hole|adguard|squid"
        r"|access control configuration prevents|blocked by (?:your )?(?:network"
        r"|administrator|it|company|organi[sz]ation|policy|security)|company.{0,20}policy"
        r"|网络访问(?:被)?(?:限制|阻断)|上网(?:认证|行为)|深信服|sangfor|奇安信|深澜|锐捷"
        r"|portal认证",
        guide="office_filter",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "Captive portals, as pages",
        page=True,
        text=r"captive|hot ?spot|wi-?fi|网络认证|认证页面|(?:network|internet) (?:access|login"
        r"|authentication)|(?:accept|agree).{0,30}terms.{0,60}(?:connect|internet|network)",
        guide="portal",
    ),
)

_WAF: Final = (
    rule(
        R.PROVIDER_UNAVAILABLE,
        "Akamai refuses with 403; with 5xx it could not reach the origin",
        header="server=akamaighost",
        status=_SERVER_ERRORS,
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "Headers of web application firewalls and bot filters",
        header=(
            "cf-mitigated",
            "x-sucuri-block",
            "x-datadome",
            "x-px",
            "x-kpsdk-ct",
            "x-amzn-waf-action",
            "x-vercel-mitigated",
            "x-iinfo",
            "x-cdn=incapsula",
            "x-cdn=imperva",
            "server=akamaighost",
            "server=bigip",
            "server=ddos-guard",
            "server=sucuri",
            "server=imunify360",
            "server=safedog",
            "server=yunjiasu",
            "server=beaver",
            "server=tengine-waf",
            "server=stgw-waf",
            "x-waf-event-info",
            "x-waf",
        ),
        status=(200, 202, 400, 401, 403, 404, 405, 406, 418, 429, 444, 451, 501, 503),
        page=True,
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "Headers of challenges, whatever the body",
        header=("cf-mitigated", "x-vercel-mitigated", "x-amzn-waf-action", "x-sucuri-block"),
    ),
    rule(
        R.PROVIDER_UNAVAILABLE,
        "Cloudflare 1xxx and 5xx errors: the origin cannot be found or reached",
        channel=_API,
        text=r"error(?: code:?)? (?:1000|1001|1004|1016|1018|1033|1101|1102|52[0-7]|530)\b",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "Cloudflare 1xxx errors: this client, address, country or rule",
        channel=_API,
        text=r"error(?: code:?)? 1[0-9]{3}\b|browser_signature_banned|browser'?s signature"
        r"|(?:ip|country|region|asn) (?:address )?(?:has been |is )?banned",
        guide="edge_rule",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "Cloudflare 1xxx errors, as JSON",
        mark=(
            "cloudflare_error=true",
            "error_name=browser_signature_banned",
            "error_code=1010",
            "error_code=1020",
        ),
        guide="edge_rule",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "Pages of web application firewalls, by the words and numbers that only they print",
        shape=("page", "text", "json"),
        text=r"attention required|just a moment|checking (?:your|if the site) (?:browser"
        r"|connection)|been blocked|was blocked|request blocked"
        r"|cf-(?:error|browser|challenge|chl)[^5]{0,80}(?:blocked|challenge|denied)"
        r"|/cdn-cgi/challenge|enable (?:javascript and )?cookies|ddos (?:protection|guard)"
        r"|incapsula|_incapsula_|imperva|support id|the requested url was rejected"
        r"|request rejected|reference ?(?:#|&#35;) ?[0-9a-f.&#;]{6,}"
        r"|request could not be satisfied|generated by cloudfront|sucuri|mod_?security"
        r"|not acceptable!|wordfence|imunify360|stackpath|datadome|perimeterx|px-captcha"
        r"|human verification|captcha|are you a (?:robot|human)"
        r"|bot (?:detect|protect|manag|verification)|unusual traffic|web application firewall"
        r"|waf(?![a-z])|rbac: access denied|cloud armor|azure (?:web application|waf"
        r"|front door)|application gateway|fastly error|varnish.{0,200}(?:403|blocked|denied)"
        r"|security (?:check|rule|policy|reasons)|errors\.aliyun|errors/405"
        r"|potential threats? to the server|安全威胁|访问被(?:阻断|拦截|拒绝|禁止)"
        r"|请求(?:已)?被(?:拦截|阻断)|云盾|防火墙|安全狗|网站卫士|创宇|yunsuo|宝塔|备案"
        r"|non-?compliance icp|reblaze|kasada|distil",
        status=(0, 200, 202, 400, 401, 403, 404, 405, 406, 409, 418, 444, 451, 493, 501, 503, 999),
        guide="waf",
    ),
)

_WRONG_HOST: Final = (
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "Hosting platforms and tunnels that have no such app, by header",
        header=(
            "x-vercel-error",
            "server=netlify",
            "server=vercel",
            "server=github.com",
            "server=cowboy",
            "ngrok-error-code",
            "x-railway-fallback",
            "x-render-routing=no-server",
            "x-nf-request-id",
            "x-github-request-id",
            "fly-request-id",
            "x-heroku-dynos-in-use",
        ),
        status=(200, 401, 402, 403, 404, 410, 421),
        shape=("text", "page"),
        guide="wrong_host",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "Hosting platforms and tunnels that have no such app, by their words",
        channel=_API,
        text=r"no such app|deployment(?: could)? not (?:be )?found"
        r"|deployment_(?:not_found|disabled|deleted)|application not found|err_ngrok"
        r"|tunnel .{0,60}not found|there isn.t a github pages|unknown domain|unknown site"
        r"|site not found|web site not found|no site configured"
        r"|domain (?:is )?(?:parked|for sale)|buy this domain|default web site page"
        r"|welcome to nginx|apache2? (?:ubuntu|debian) default|it works!|iis windows server"
        r"|project not found|404_not_found.{0,60}vercel",
        guide="wrong_host",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "Routers that do not know the path: Traefik, Kong, Envoy, AWS API Gateway, Express",
        channel="http",
        status=(400, 403, 404, 405, 421),
        text=r"^404 page not found|no route matched|missing authentication token"
        r"|cannot (?:post|get|put) /|default backend",
        guide="base_url",
    ),
)

_BY_STATUS: Final = (
    rule(
        R.PROVIDER_UNAVAILABLE,
        "Envoy, nginx and HAProxy: the connection to the provider broke after the request",
        channel=_API,
        status=(0, *_SERVER_ERRORS),
        text=r"reset reason: (?:connection termination|remote reset|protocol error"
        r"|remote connection failure)"
        r"|disconnect/reset before headers(?!.{0,40}connection (?:failure|timeout))"
        r"|upstream (?:request timeout|prematurely closed|sent no valid)"
        r"|server didn.t (?:produce|send)|error reading from remote server",
        ambiguous=True,
    ),
    rule(
        R.PROVIDER_UNAVAILABLE,
        "RFC 9110 section 15.6, page of a gateway before the provider",
        status=_SERVER_ERRORS,
        page=True,
    ),
    rule(
        R.PROVIDER_UNAVAILABLE,
        "Gateway errors as text",
        channel=_API,
        status=(0, *_SERVER_ERRORS),
        text=r"bad gateway|gateway time-?out|no healthy upstream"
        r"|upstream (?:connect|unavailable|timed)|backend (?:fetch failed|unavailable)"
        r"|service (?:temporarily )?unavailable|no server is available",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "RFC 9110 section 15.4: no API answers a send with a redirect",
        status=(300, 301, 302, 303, 307, 308),
        guide="base_url",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "RFC 9110 sections 15.5.5 and 15.5.6, page of a web server: wrong path or host",
        status=(404, 405, 410, 421, 426, 497),
        page=True,
        guide="base_url",
    ),
    rule(
        R.PROVIDER_UNAVAILABLE,
        "RFC 9110 section 15.6: the page of an error whose status the client lost",
        channel=("sdk", "exception"),
        status=0,
        page=True,
        text=r"server error|unavailable|time-?out|timed out|temporarily|overload|maintenance"
        r"|something went wrong|failed to respond|is down\b",
        ambiguous=True,
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "A page where the API answers JSON, its status lost: the provider may be behind it",
        channel=("sdk", "exception"),
        status=0,
        page=True,
        ambiguous=True,
        guide="not_json",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "A page where the API answers JSON",
        channel=_API,
        page=True,
        guide="not_json",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "A success without the JSON that makes it one",
        channel="http",
        status=(200, 201, 202, 203),
        shape="text",
        guide="not_json",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "A refusal in plain text that names an allow-list or a policy",
        channel="http",
        status=(403, 451),
        shape="text",
        text=r"allow-?list|policy|blocked|denied by|not allowed|firewall|filter",
        guide="office_filter",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "RFC 6454: an edge that refuses the Origin of a browser; no mail API asks for it",
        channel=_API,
        status=(0, 400, 403),
        text=r"\borigin\b.{0,20}(?:disallow|not allow|forbidden|denied|reject|blocked)"
        r"|(?:disallowed|invalid|forbidden) cors origin",
        guide="edge_rule",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "AWS API Gateway refuses before the provider behind it is asked",
        header="x-amzn-errortype=forbiddenexception",
        status=403,
        shape="json",
        text=r"^forbidden$",
        guide="edge_rule",
    ),
)

TABLE: Final = Table(
    "intermediary",
    (*_WHOEVER_SAYS_IT, *_OUR_PROXY, *_WAF, *_WRONG_HOST, *_BY_STATUS),
)
