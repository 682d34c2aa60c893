"""Mistakes in a file, each with exactly what is said about it."""

from tests.config.loading import KEY

# A file, and all that is said about it.
FILES: dict[str, tuple[str, list[str]]] = {
    "a rate in words": (
        '[[providers]]\ntype = "resend"\nrate = "5 per sec"\n',
        [
            "mailproof.toml:3: providers[0].rate: '5 per sec' is not a rate."
            ' Write a number and a unit, such as "5/s" or "300/min".'
        ],
    ),
    "a rate of nothing": (
        '[[providers]]\ntype = "resend"\nrate = "0/s"\n',
        [
            "mailproof.toml:3: providers[0].rate: '0/s' is not a rate."
            ' Write a number and a unit, such as "5/s" or "300/min".'
        ],
    ),
    "a span in words": (
        '[delivery]\nwait = "five seconds"\n',
        [
            "mailproof.toml:2: delivery.wait: 'five seconds' is not a span of time."
            ' Write a number and a unit, such as "5s", "10m", "1h" or "400d".'
        ],
    ),
    "a span that is too short": (
        "[delivery]\nprobe_interval = 0.005\n",
        [
            "mailproof.toml:2: delivery.probe_interval: 0.005 is out of range."
            ' Write a span from "1s" to "60s".'
        ],
    ),
    "a mistyped key": (
        '[delivery]\nwiat = "5s"\n',
        ["mailproof.toml:2: delivery.wiat: there is no such setting. Did you mean wait?"],
    ),
    "a key that resembles none": (
        "[log]\ncolour = 1\n",
        ["mailproof.toml:2: log.colour: there is no such setting. Here are: level, format."],
    ),
    "a mistyped table": (
        "[delivry]\nwait = 5\n",
        ["mailproof.toml:1: delivry: there is no such setting. Did you mean delivery?"],
    ),
    "one bracket too few": (
        '[providers]\ntype = "resend"\n',
        [
            "mailproof.toml:1: providers: this must be a list of tables."
            " Write the header with two brackets, [[providers]], once for each entry."
        ],
    ),
    "a value for a table": (
        "delivery = 5\n",
        [
            "mailproof.toml:1: delivery: this must be a table."
            " Write its header, [delivery], and its settings below."
        ],
    ),
    "an unknown provider": (
        '[[providers]]\ntype = "sendgrid"\n',
        [
            "mailproof.toml:2: providers[0].type: 'sendgrid' is none of the choices."
            ' Write one of "resend", "smtp", "sandbox".'
        ],
    ),
    "a provider without a type": (
        f'[[providers]]\napi_key = "{KEY}"\n',
        [
            "mailproof.toml:1: providers[0].type: the provider has no type."
            ' Write type = "resend", type = "smtp", or type = "sandbox".'
        ],
    ),
    "two providers of one name": (
        '[[providers]]\ntype = "resend"\n[[providers]]\ntype = "resend"\n',
        [
            "mailproof.toml:3: providers[1].name: two providers are called resend."
            ' Give each a name of its own: name = "backup".'
        ],
    ),
    "names that a variable could not tell apart": (
        '[[providers]]\ntype = "resend"\nname = "a-b"\n'
        '[[providers]]\ntype = "resend"\nname = "a_b"\n',
        [
            "mailproof.toml:6: providers[1].name: two providers are called a_b."
            ' Give each a name of its own: name = "backup".'
        ],
    ),
    "a name with a space": (
        '[[providers]]\ntype = "resend"\nname = "My Resend"\n',
        [
            "mailproof.toml:3: providers[0].name: 'My Resend' is not a name."
            ' Write up to 40 lower-case letters, digits, "-" or "_", with a letter first,'
            ' such as "resend".'
        ],
    ),
    "a sandbox of which nobody knows where it is": (
        '[[providers]]\ntype = "sandbox"\n',
        [
            "mailproof.toml:1: providers[0].base_url: a sandbox needs the URL where it runs. Start"
            " `mailproof sandbox` and write the URL that it prints,"
            ' such as base_url = "http://127.0.0.1:8025".'
        ],
    ),
    "a base URL without a scheme": (
        '[[providers]]\ntype = "resend"\nbase_url = "api.resend.com"\n',
        [
            "mailproof.toml:3: providers[0].base_url: 'api.resend.com' is not a web address."
            ' Write a URL with https:// and a host, such as "https://api.resend.com".'
        ],
    ),
    "a password in the base URL": (
        '[[providers]]\ntype = "resend"\nbase_url = "https://me:hunter2@api.resend.com"\n',
        [
            "mailproof.toml:3: providers[0].base_url: there is a user or a password in this URL."
            " Take it out; the key belongs in api_key."
        ],
    ),
    "a query in the base URL": (
        '[[providers]]\ntype = "resend"\nbase_url = "https://api.resend.com?token=hunter2"\n',
        [
            "mailproof.toml:3: providers[0].base_url: 'https://api.resend.com' comes before a query"
            " or a fragment; paths are added behind this URL, so it can have none."
            ' Write the URL up to there, such as "https://api.resend.com".'
        ],
    ),
    "our own address as the provider's": (
        '[[providers]]\ntype = "resend"\nbase_url = "http://localhost:7025"\n',
        [
            "mailproof.toml:3: providers[0].base_url: this is the address of Mailproof itself, so"
            " each mail would go in a circle. Write the provider's own URL, such as"
            ' "https://api.resend.com", or leave the line out; only your app uses ours.'
        ],
    ),
    "our public address as the provider's": (
        'public_url = "https://mail.example.com/"\n'
        '[[providers]]\ntype = "resend"\nbase_url = "https://mail.example.com:443"\n',
        [
            "mailproof.toml:4: providers[0].base_url: this is the address of Mailproof itself, so"
            " each mail would go in a circle. Write the provider's own URL, such as"
            ' "https://api.resend.com", or leave the line out; only your app uses ours.'
        ],
    ),
    "a public URL with a query": (
        'public_url = "https://mail.example.com/?x=1"\n',
        [
            "mailproof.toml:1: public_url: there is more than scheme, host and path in this URL."
            ' Write it without a login, ? and #, such as "https://mail.example.com".'
        ],
    ),
    "three webhook secrets": (
        '[[providers]]\ntype = "resend"\nwebhook_secret = ["env:A", "env:B", "env:C"]\n',
        [
            "mailproof.toml:3: providers[0].webhook_secret: one or two secrets can be in use here:"
            " the current one and its successor."
            ' Write one, such as "env:RESEND_WEBHOOK_SECRET", or a list of two.'
        ],
    ),
    "a webhook secret that is not set": (
        '[[providers]]\ntype = "resend"\nwebhook_secret = "env:HOOK"\n',
        [
            "mailproof.toml:3: providers[0].webhook_secret: env:HOOK is not set."
            " Export HOOK, or put the secret in a file and write file:PATH."
        ],
    ),
    "a webhook secret that signs nothing": (
        '[[providers]]\ntype = "resend"\nwebhook_secret = "hunter2!"\n',
        [
            "mailproof.toml:3: providers[0].webhook_secret: the secret (literal) is no signing"
            " secret of a webhook."
            " Copy it from the provider's page of that webhook; it begins with whsec_."
        ],
    ),
    "a secret that is a number": (
        '[[providers]]\ntype = "resend"\napi_key = 7\n',
        [
            "mailproof.toml:3: providers[0].api_key: this is not a text."
            ' Write "env:NAME" for a variable or "file:PATH" for a file.'
        ],
    ),
    "an alert channel whose variable is not set": (
        '[[alerts.channels]]\nurl = "env:ALERT_URL"\n',
        [
            "mailproof.toml:2: alerts.channels[0].url: env:ALERT_URL is not set."
            " Export ALERT_URL, or put the secret in a file and write file:PATH."
        ],
    ),
    "an alert channel whose file is not there": (
        '[[alerts.channels]]\nurl = "file:alert.url"\n',
        [
            "mailproof.toml:2: alerts.channels[0].url: file:alert.url cannot be read"
            " (No such file or directory). Check the path, which is relative to the configuration"
            " file, and who may read it."
        ],
    ),
    "an alert channel without a service": (
        '[[alerts.channels]]\nurl = "ops@example.com"\n',
        [
            "mailproof.toml:2: alerts.channels[0].url: the value (literal) is not an Apprise URL."
            " It begins with a service and ://,"
            " such as slack://…, mailto://…, dingtalk://… or json://…."
        ],
    ),
    "an alert channel with nothing in it": (
        "[[alerts.channels]]\n",
        [
            "mailproof.toml:1: alerts.channels[0].url: the channel has no URL."
            ' Write url = "env:ALERT_URL"; the variable holds an Apprise URL, such as slack://….'
        ],
    ),
    "two alert channels of one name": (
        '[[alerts.channels]]\nname = "ops"\nurl = "slack://a"\n'
        '[[alerts.channels]]\nname = "ops"\nurl = "slack://b"\n',
        [
            "mailproof.toml:5: alerts.channels[1].name: two channels are called ops."
            " Give each a name of its own."
        ],
    ),
    "an admin page for everyone": (
        '[server]\nadmin_host = "0.0.0.0"\n',
        [
            "mailproof.toml:2: server.admin_host: the admin pages would be open to everyone who can"
            ' reach 0.0.0.0. Write admin_token = "env:MAILPROOF_ADMIN_TOKEN" and export it,'
            ' or use admin_host = "127.0.0.1".'
        ],
    ),
    "an admin token that is not set": (
        '[server]\nadmin_token = "env:TOKEN"\n',
        [
            "mailproof.toml:2: server.admin_token: env:TOKEN is not set."
            " Export TOKEN, or put the secret in a file and write file:PATH."
        ],
    ),
    "one port for two listeners": (
        "[server]\nport = 80\nadmin_port = 80\n",
        [
            "mailproof.toml:3: server.admin_port: 80 is the public port already."
            " Choose another one, or leave it out: then it is the public port plus one."
        ],
    ),
    "the last port there is": (
        "[server]\nport = 65535\n",
        [
            "mailproof.toml:2: server.port: the admin port is this one plus one, and there is no"
            " port 65536. Choose a lower port, or set admin_port."
        ],
    ),
    "a port in quotes": (
        '[server]\nport = "7025"\n',
        [
            "mailproof.toml:2: server.port: '7025' is not a whole number from 0 to 65535."
            " Write one, without quotes."
        ],
    ),
    "a URL to listen on": (
        '[server]\nhost = "http://0.0.0.0"\n',
        [
            "mailproof.toml:2: server.host: 'http://0.0.0.0' is not an address to listen on."
            " Write an IP address or a host name without a scheme or a port,"
            ' such as "127.0.0.1" or "0.0.0.0".'
        ],
    ),
    "an address with a mask": (
        'trusted_proxies = ["10.0.0.1/8"]\n',
        [
            "mailproof.toml:1: trusted_proxies: '10.0.0.1/8' is an address inside a network, not a"
            ' network. Write "10.0.0.0/8" for the whole network,'
            " or the address without the slash for it alone."
        ],
    ),
    "a proxy by name": (
        'trusted_proxies = ["proxy"]\n',
        [
            "mailproof.toml:1: trusted_proxies: 'proxy' is not a network."
            ' Write an address or a network, such as "127.0.0.1" or "10.0.0.0/8".'
        ],
    ),
    "a proxy outside a list": (
        'trusted_proxies = "10.0.0.0/8"\n',
        [
            "mailproof.toml:1: trusted_proxies: '10.0.0.0/8' is not a list."
            ' Write a list of networks, such as ["127.0.0.1/32", "10.0.0.0/8"].'
        ],
    ),
    "a pattern that does not close": (
        '[purposes.registration]\nmatch = { subject = "^(Sign in" }\n',
        [
            "mailproof.toml:2: purposes.registration.match.subject: '^(Sign in' is not a regular"
            " expression: missing ), unterminated subpattern, at character 2. Put a backslash"
            " before a character that stands for itself, and use single quotes around it:"
            r" '^Welcome \(again\)'."
        ],
    ),
    "a pattern that fits everything": (
        '[purposes.otp.match]\nfrom = ""\n',
        [
            "mailproof.toml:2: purposes.otp.match.from: '' is not a pattern."
            " Write a regular expression of 1 to 1000 characters in quotes,"
            ' such as "^Activate your account".'
        ],
    ),
    "a purpose as nobody can ask for it": (
        "[purposes.Magic-Link]\ncritical = true\n",
        [
            "mailproof.toml:1: purposes.Magic-Link: this is not the name of a purpose."
            " Write up to 40 lower-case letters, digits or _, with a letter first,"
            " such as [purposes.magic_link]."
        ],
    ),
    "a switch in quotes": (
        '[purposes.otp]\ncritical = "yes"\n',
        [
            "mailproof.toml:2: purposes.otp.critical: 'yes' is neither true nor false."
            " Write true or false, without quotes."
        ],
    ),
    "another database": (
        '[store]\nurl = "mysql://root:hunter2@db/mail"\n',
        [
            "mailproof.toml:2: store.url: this is not the URL of a store."
            ' Write "postgresql://USER@HOST/DATABASE", or "sqlite:///" and an absolute path,'
            ' such as "sqlite:///var/lib/mailproof/mailproof.db".'
        ],
    ),
    "a relative database": (
        '[store]\nurl = "sqlite:///mailproof.db"\n',
        [
            "mailproof.toml:2: store.url: this is not the URL of a store."
            ' Write "postgresql://USER@HOST/DATABASE", or "sqlite:///" and an absolute path,'
            ' such as "sqlite:///var/lib/mailproof/mailproof.db".'
        ],
    ),
    "a lease that ends before its call": (
        '[delivery]\nlease = "20s"\n',
        [
            "mailproof.toml:2: delivery.lease: lease must be longer than deadline;"
            " else a mail is taken over while its call still runs."
            ' Write for example deadline = "30s" and lease = "2m".'
        ],
    ),
    "a language that there is not": (
        'language = "fr"\n',
        ['mailproof.toml:1: language: \'fr\' is none of the choices. Write one of "en", "zh".'],
    ),
}
