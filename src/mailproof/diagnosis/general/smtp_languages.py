"""What mail servers say in other languages than English.

Stems, not sentences: each language has a few words for the mailbox, the person, the list, and a
few for what is wrong with them. English is asked elsewhere.
"""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, rule

__all__ = ["TABLES"]

R = Reason

_EUROPE: Final = (
    "replies of European hosters: French, German, Spanish, Portuguese, Italian, Russian"
)
_ASIA: Final = "replies of Chinese, Japanese and Korean mail services"

_EUROPEAN: Final = Table(
    "smtp.european",
    (
        rule(
            R.CREDENTIALS_INVALID,
            _EUROPE,
            stage="auth",
            reply=r"mot de passe|identifiant|kennwort|passwort|anmeldung|contrase|senha|"
            r"password errat|"
            r"autentica|authentifi|парол|аутентификац|авторизац",
        ),
        rule(
            R.CREDENTIALS_MISSING,
            _EUROPE,
            stage=("mail", "rcpt"),
            reply=r"authentifi\w+ (?:requise|n[eé]cessaire|erforderlich)|anmeldung erforderlich|"
            r"autentica\w+ (?:requerida|necess|obrigat|richiesta)|требуется (?:аутентификац|"
            r"авторизац)",
        ),
        rule(
            R.MAILBOX_FULL,
            _EUROPE,
            reply=r"bo[iî]te.{0,30}pleine|espace.{0,20}insuffisant|quota (?:d[eé]pass|atteint|"
            r"superat|excedid)|"
            r"postfach.{0,20}voll|speicher.{0,30}(?:voll|ersch[oö]pft|[uü]berschritten)|"
            r"buz[oó]n.{0,20}llen|(?:cuota|cota).{0,20}(?:excedid|superad)|excede.{0,20}cuota|"
            r"caixa.{0,30}(?:chei|lotad)|casella.{0,20}pien|ящик.{0,30}(?:переполн|заполн)|"
            r"превышен\w* (?:квот|размер)",
        ),
        rule(
            R.SENDER_BLOCKED,
            _EUROPE,
            reply=r"liste noire|schwarze[nr]? liste|lista n[e]gra|lista nera|ч[её]рн\w+ спис|"
            r"(?:adresse|direcci[oó]n|endere[cç]o|indirizzo) ip\b.{0,40}(?:bloqu|gesperrt|bloccat|"
            r"refus)|"
            r"ip-adress\w*.{0,40}(?:gesperrt|blockiert|abgelehnt)|ip-адрес\S*.{0,30}(?:заблокир|"
            r"отклон)",
        ),
        rule(
            R.MAILBOX_DISABLED,
            _EUROPE,
            reply=r"(?:bo[iî]te|compte|adresse|destinataire)\b.{0,30}(?:d[eé]sactiv|suspendu|bloqu|"
            r"ferm)|"
            r"(?:postfach|konto|benutzer|empf(?:ä|ae)nger)\b.{0,30}(?:gesperrt|deaktiviert|"
            r"stillgelegt)|"
            r"(?:cuenta|buz[oó]n|usuario)\b.{0,30}(?:suspendid|desactivad|bloquead|inactiv|"
            r"deshabilitad)|"
            r"(?:conta|usu[aá]rio)\b.{0,30}(?:suspens|desativad|bloquead|inativ)|"
            r"(?:casella|utente|account)\b.{0,30}(?:disabilitat|sospes|disattivat|bloccat)|"
            r"(?:ящик|пользовател|аккаунт|адрес)\S*.{0,30}(?:заблокирован|отключ|приостановл|удал)",
        ),
        rule(
            R.MAILBOX_NOT_FOUND,
            _EUROPE,
            reply=r"(?:utilisateur|destinataire|adresse|bo[iî]te)\b.{0,30}(?:inconnu|inexistant|"
            r"n'existe pas|introuvable|invalide)|"
            r"(?:benutzer|empf(?:ä|ae)nger|postfach|adresse)\b.{0,30}(?:unbekannt|nicht gefunden|"
            r"existiert nicht|nicht vorhanden)|"
            r"unbekannter (?:benutzer|empf)|(?:usuario|destinatario|buz[oó]n|direcci[oó]n|"
            r"cuenta)\b.{0,30}"
            r"(?:desconocid|no existe|inexistente|no encontrad|inv[aá]lid)|"
            r"no existe.{0,20}(?:usuario|buz|cuenta|direcci)|"
            r"(?:usu[aá]rio|destinat[aá]rio|endere[cç]o|conta|caixa)\b.{0,30}(?:desconhecid|"
            r"inexistente|n[aã]o (?:existe|encontrad)|inv[aá]lid)|"
            r"(?:utente|destinatario|casella|indirizzo)\b.{0,30}(?:sconosciut|inesistente|"
            r"non (?:esist|trovat|valid))|"
            r"(?:пользовател|получател|адресат|ящик|адрес)\S*.{0,30}(?:не (?:существует|найден)|"
            r"неизвест|отсутств)|нет такого",
        ),
        rule(
            R.RATE_LIMITED,
            _EUROPE,
            reply=r"trop de (?:connex|messages|requ)|zu viele (?:verbind|nachricht|anfrag)|"
            r"demasiad[ao]s (?:conex|mensaj)|"
            r"muitas (?:conex|mensag)|tropp[ei] (?:conness|messagg)|слишком (?:много|часто)|"
            r"превышен\w* (?:лимит|частот)",
        ),
        rule(
            R.CONTENT_REJECTED,
            _EUROPE,
            reply=r"(?:consid[eé]r|class|d[eé]tect)\w* (?:comme|en tant que) (?:spam|"
            r"ind[eé]sirable)|"
            r"als spam|spam-?verdacht|como (?:spam|correo no deseado|lixo)|come spam|"
            r"похоже на спам|признано спам|как спам|virus (?:d[eé]tect|gefunden|detectado|"
            r"rilevato)",
        ),
        rule(
            R.MESSAGE_TOO_LARGE,
            _EUROPE,
            reply=r"(?:message|courriel) trop (?:gros|volumineux|grand)|(?:nachricht|"
            r"mail) (?:ist )?zu gro(?:ß|ss)|"
            r"mensaje demasiado grande|mensagem muito grande|messaggio troppo grande|"
            r"сообщение слишком большо|письмо слишком большо",
        ),
        rule(
            R.RECEIVER_UNAVAILABLE,
            _EUROPE,
            reply=r"r[eé]essayer plus tard|sp(?:ä|ae)ter (?:erneut|noch|wieder)|(?:m[aá]s tarde|"
            r"mais tarde|pi[uù] tardi)|"
            r"vor[uü](?:ber|eber)gehend|temporairement|temporalmente|temporariamente|"
            r"temporaneamente|временно|позже|позднее",
        ),
    ),
    replies=True,
    when=(
        *("boite", "boîte", "utilisat", "destinat", "adresse", "compte", "mot de", "identifi"),
        *("liste noire", "trop de", "message trop", "courriel", "plus tard", "temporair", "espace"),
        *("postfach", "empf", "benutzer", "konto", "speicher", "gesperrt", "kennwort", "passwort"),
        *("anmeldung", "zu viele", "schwarze", "nachricht", "später", "spaeter", "als spam"),
        *("authentifi", "autentica", "buz", "usu", "cuota", "cuenta", "contrase", "direcci"),
        *("demasiad", "lista n", "como ", "tarde", "mensa", "caixa", "conta", "cota ", "senha"),
        *(
            "endere",
            "casella",
            "utente",
            "indirizzo",
            "tropp",
            "più",
            "piu ",
            "come spam",
            "virus ",
        ),
        *("ящик", "польз", "получ", "адрес", "парол", "слишком", "прев", "спис", "спам"),
        *("временно", "позже", "нет такого", "требуется", "авториз", "quota "),
    ),
)

_ASIAN: Final = Table(
    "smtp.asian",
    (
        rule(
            R.ACCOUNT_SUSPENDED,
            _ASIA,
            stage="auth",
            reply=r"(?:用户|帐号|账号|账户|邮箱).{0,6}(?:锁定|冻结|停用|禁用|封)|"
            r"アカウント.{0,8}(?:停止|ロック)|계정.{0,6}(?:정지|"
            r"잠김|잠겼)",
        ),
        rule(
            R.CREDENTIALS_RESTRICTED,
            _ASIA,
            stage="auth",
            reply=r"未?(?:开通|开启|启用).{0,8}(?:smtp|服务)|(?:smtp|服务).{0,8}(?:未开|关闭|"
            r"没有开)|授权码",
        ),
        rule(
            R.CREDENTIALS_INVALID,
            _ASIA,
            stage=("auth", ""),
            reply=r"(?:认证|验证|登录|登陆|鉴权|身份).{0,8}(?:失败|错误|不通过|无效)|"
            r"密码.{0,4}(?:错误|不正确)|"
            r"認証.{0,8}(?:失敗|エラー)|パスワード|인증.{0,8}(?:실패|오류)|비밀번호",
        ),
        rule(
            R.SENDER_UNVERIFIED,
            _ASIA,
            reply=r"(?:发[件信送][人者地]|差出人|送信者|发件邮箱|보내는 ?사람|발신자).{0,16}"
            r"(?:不一致|不匹配|不相?[符同]|一致しま|異な|일치하지|다릅)",
        ),
        rule(
            R.CREDENTIALS_MISSING,
            _ASIA,
            reply=r"(?:需要|请先|必须).{0,6}(?:认证|登录|验证身份)|認証が必要|인증이? 필요",
        ),
        rule(
            R.QUOTA_EXCEEDED,
            _ASIA,
            reply=r"(?:每日|每天|当日|当天|今日|日发送|额度|配额).{0,14}(?:上限|超|用完|耗尽|不足|"
            r"限)|"
            r"1日.{0,10}(?:上限|超)|일일.{0,12}(?:초과|한도)",
        ),
        rule(
            R.RATE_LIMITED,
            _ASIA,
            reply=r"频率|过于频繁|太频繁|(?:连接|并发|发送).{0,8}(?:过多|太多|过快|超限|超过限制)|"
            r"(?:接続|送信).{0,8}(?:多すぎ|制限|超)|(?:접속|발송|연결).{0,8}(?:초과|제한|많)",
        ),
        rule(
            R.SENDER_BLOCKED,
            _ASIA,
            reply=r"黑名单|拒绝列表|信誉|ip.{0,10}(?:被封|被拒|禁止|封禁)|ブラックリスト|"
            r"ip.{0,14}(?:拒否|制限|차단|거부)|블랙리스트|"
            r"발신 ?ip",
        ),
        rule(
            R.CONTENT_REJECTED,
            _ASIA,
            reply=r"垃圾邮件|(?:内容|正文|主题).{0,8}(?:违规|拒绝|敏感|不合法|非法|被拦截)|病毒|"
            r"迷惑メール|スパム|ウイルス|스팸|바이러스",
        ),
        rule(
            R.MESSAGE_TOO_LARGE,
            _ASIA,
            reply=r"(?:邮件|附件|信件).{0,6}(?:过大|太大|超过.{0,6}大小|超出)|サイズ.{0,8}(?:超|"
            r"大きすぎ)|메일 ?크기|용량이 너무",
        ),
        rule(
            R.MAILBOX_FULL,
            _ASIA,
            reply=r"(?:邮箱|信箱|收件箱|空间|容量).{0,8}(?:已?满|不足|超)|(?:メールボックス|受信箱|"
            r"容量).{0,12}(?:いっぱい|満杯|超|"
            r"オーバー|一杯)|"
            r"(?:사서함|메일함|편지함|용량).{0,10}(?:가득|초과|꽉|부족)",
        ),
        rule(
            R.MAILBOX_DISABLED,
            _ASIA,
            reply=r"(?:用户|邮箱|帐号|账号|收件人).{0,6}(?:停用|冻结|禁用|注销|锁定|休眠|关闭|"
            r"过期)|"
            r"(?:アカウント|メールボックス|ユーザー?).{0,10}(?:停止|無効|閉鎖)|(?:계정|사용자|"
            r"메일).{0,6}(?:휴면|정지|비활성)|휴면.{0,3}계정",
        ),
        rule(
            R.RECIPIENT_REFUSED,
            _ASIA,
            reply=r"拒收|拒绝接收|(?:收件人|对方).{0,6}拒绝|受信拒否|受信を拒否|수신 ?거부",
        ),
        rule(
            R.MAILBOX_NOT_FOUND,
            _ASIA,
            reply=r"(?:用户|收件人|邮箱|帐号|账号|地址|收信人).{0,60}(?:不存在|无效|未找到|找不到|"
            r"未知|没有)|不存在.{0,6}(?:用户|邮箱)|"
            r"无此用户|"
            r"(?:ユーザー?|宛先|アドレス|受信者).{0,60}(?:存在しま|見つかりま|不明|存在しな)|"
            r"(?:사용자|수신자|계정|주소|메일).{0,12}(?:없|존재하지|찾을 수)|존재하지 않는|"
            r"없는 (?:사용자|메일|계정|주소)",
        ),
        rule(
            R.RECEIVER_UNAVAILABLE,
            _ASIA,
            reply=r"稍[后候]|系统(?:繁忙|错误|忙)|服务.{0,6}不可用|しばらく|一時的|混雑|잠시 후|"
            r"일시적",
        ),
    ),
    replies=True,
    when=(
        *("邮", "信", "户", "收件人", "号", "证", "录", "码", "频", "容量", "空间"),
        *("ip", "病毒", "内容", "稍", "拒", "服务", "系统", "连接"),
        *("发", "差出人", "보내는", "발신자"),
        *("每", "当", "配额", "额度", "地址"),
        *("メール", "アド", "宛先", "受信", "送信", "認証", "ユーザ", "パス", "接続"),
        *("サイズ", "スパム", "ウイルス", "ブラック", "しばらく", "一時", "混雑"),
        *("사용자", "수신", "계정", "메일", "사서함", "편지함", "용량", "스팸", "인증", "비밀"),
        *("접속", "발송", "연결", "차단", "거부", "잠시", "일시", "존재하지", "바이러스", "블랙"),
    ),
)  # fmt: skip

TABLES: Final = (_ASIAN, _EUROPEAN)
