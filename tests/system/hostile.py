#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Strangers at the pages: hostile.py RUN GATEWAY CLIENT STEP

Sends what nobody should send to every field of every page and says what came of it. RUN is the folder of the school,
GATEWAY and CLIENT its two namespaces. STEP: routes (is the table below that of the program?), fields N, shown, forged,
heads, force, slow. Requests come from addresses that nobody had before, so that no limit hides what is behind it;
"force" is about the limits.
"""
import csv
import hashlib
import itertools
import os
import re
import select
import socket
import subprocess
import sys
import time
import unicodedata
from urllib.parse import quote_plus

from visitors import (CLIENT, RUN, SERVER, STEP, Visitor, address, check, connect, cookie_of, enter, figures, look_at,
                      number, refusals, rows, state, tell, visitor_for)

SCHOOL = os.path.dirname(os.path.abspath(__file__)) + "/../../scripts/school"
TOKEN = open(RUN + "/logon.token").read().strip()
CODES = open(RUN + "/codes").read().split()
BROKEN = {  # as it stands in the body: is no text, and nothing of such a form is used
    "NUL": "a%00b", "NUL alone": "%00", "bell": "%07", "colours": "%1b[2J", "DEL": "%7f", "C1": "%c2%9b31m",
    "not UTF-8": "%ff%fe", "overlong": "%c0%bcscript%c0%be", "overlong of three": "%e0%80%bc", "surrogate": "%ed%a0%bc",
    "beyond Unicode": "%f4%90%80%80", "right to left": "%e2%80%aemoc.elpmaxe", "isolate": "%e2%81%a6",
    "cut escape": "%4", "no escape": "%zz", "raw byte": "\xe9",
}
TEXTS = {  # is text, and comes back as text or not at all
    "script": "<script>document.title='ran'</script>", "attribute": "\"><img src=x onerror=alert(1)>",
    "handler": "' onmouseover='alert(1)", "address": "javascript:alert(1)",
    "end of others": "</textarea></title></select><svg/onload=alert(1)>",
    "UTF-7": "+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "template": "{{mark}}{{#help}}{{> head}}{{{tell}}}",
    "escaped": "&lt;script&gt;&#60;b&#62;", "header": "a\r\nSet-Cookie: own=1\r\n\r\n<h1>x</h1>", "lines": "a\nb\tc\rd",
    "formula": "=cmd|' /C calc'!A0", "plus": "+1+1", "minus": "-2+3", "at": "@SUM(1)", "tab": "\t=1+1",
    "wide formula": "\uff1d1+1", "format": "%s%n%x%99999d", "SQL": "'; DROP TABLE requests; --",
    "path": "../../../etc/passwd", "name": "\\060script\\062alert\\0401\\041.example.com", "zero": "0",
    "negative": "-1", "number": "99999999999999999999", "long": "x" * 5000, "very long": "<" * 5000, "empty": "",
}


FEW = ("script", "attribute", "template", "header", "formula", "long", "empty")


class Field:
    """`answer` is the status for each hostile text, but for those in `but`; `good` is what the page takes."""
    def __init__(self, good, answer, texts=tuple(TEXTS), **but):
        self.good, self.answer, self.but = good, answer, {name.replace("_", " "): at for name, at in but.items()}
        self.texts = texts

    def expects(self, name):
        return self.but.get(name, self.answer)


class Route:
    def __init__(self, line, step, good, **fields):
        self.method, self.path, self.schemes = line.split()
        self.step, self.good, self.fields = step, good, {name.rstrip("_"): field for name, field in fields.items()}
        self.marked = self.method == "POST" and self.path != "/session"
        self.alone = step == 2 or self.path in ("/session", "/request")  # limits of a device would be near
        self.teaching = self.path.startswith("/teacher/") and self.path != "/teacher/login"


def flag(answer, good="1"):
    return Field(good, answer)


def teaching(path, **fields):
    return Route("POST /teacher/%s https" % path, 3, 303, **fields)


NUMBER = Field("0", 400)
FOR = Field("30m", 400, empty=303)
SITE = Field("games.example.com", 400, name=303)
CLASS = Field("4B", 400)
ROUTES = [
    Route("GET /style.css http,https", 1, 200),
    Route("GET / http,https", 1, 200),
    Route("POST /request http,https", 1, 200, name=Field("{site}", 400, name=200), block=flag(200),
          words=Field("for school", 200, long=400, very_long=400)),
    Route("GET /portal http", 1, 303),
    Route("GET /portal https", 1, 200),
    Route("GET /captive-portal/api https", 1, 200),
    Route("POST /session http,https", 1, 200, action=Field("start", 400), token=Field(TOKEN, 403),
          user=Field("pupil12", 200, header=400, lines=400, at=400, tab=400, long=400, very_long=400, empty=400),
          ip=Field("", 403, empty=200)),
    Route("POST /portal/voucher https", 2, 200, code=Field("{code}", 403), accept=Field("1", 200, FEW, empty=403),
          version=Field("{version}", 403, FEW)),
    Route("POST /portal/login https", 2, 200, user=Field("{user}", 403), password=Field("a long word", 403, FEW),
          accept=Field("1", 200, FEW, empty=403), version=Field("{version}", 403, FEW)),
    Route("GET /teacher http", 1, 303),
    Route("GET /teacher https", 1, 200, done=flag(200, "grant")),
    Route("POST /teacher/login https", 2, 303, user=Field("{user}", 403), password=Field("a long word", 403)),
    teaching("lesson", class_=CLASS, sites=Field("games.example.com", 400, name=303, empty=303), only=flag(303),
             for_=FOR),
    teaching("extend", id=NUMBER, for_=Field("30m", 400)),
    teaching("lesson-stop", id=NUMBER),
    teaching("supervise", class_=CLASS, for_=FOR),
    teaching("supervise-stop", id=NUMBER),
    teaching("grant", site=SITE, class_=CLASS, user=Field("", 400, empty=303), device=Field("", 400, empty=303),
             for_=FOR, reason=Field("a project", 303, long=400, very_long=400)),
    teaching("grant-end", id=NUMBER),
    teaching("request", name=Field("{site}", 400, name=303), block=flag(303),
             words=Field("for school", 303, long=400, very_long=400)),
    Route("POST /teacher/logout https", 3, 303),
]
# ---- a form as it should be ----

codes = iter(CODES[{"2": 0, "forged": 40, "force": 60}.get((sys.argv[5:] or [STEP])[0], 0):])
accounts = itertools.cycle("teacher%d" % n for n in range(10, 40))
teacher = None


def log_in(visitor):
    user = next(accounts)
    return visitor.ask("POST", "/teacher/login", "user=%s&password=a+long+word&mark=%s" % (user, visitor.mark()))


def sign_in():
    answer = log_in(Visitor())
    if not cookie_of(answer):
        sys.exit("nobody can sign in: %d %s" % (answer.status, answer.header("Set-Cookie")))
    return cookie_of(answer).group(1)


def open_permit(kind):
    found = rows("SELECT max(id) FROM permits WHERE kind = ? AND ended = 0", kind)[0][0]
    if found:
        return found
    path, fields = {1: ("lesson", "class=4B&sites=x.example.com&for=30m"), 2: ("supervise", "class=4B&for=30m"),
                    3: ("grant", "class=4B&site=y.example.com&for=30m")}[kind]
    visitor = Visitor(cookie=teacher)
    visitor.ask("POST", "/teacher/" + path, fields + "&mark=" + visitor.mark())
    return rows("SELECT max(id) FROM permits WHERE kind = ? AND ended = 0", kind)[0][0]


KINDS = {"/teacher/extend": 1, "/teacher/lesson-stop": 1, "/teacher/supervise-stop": 2, "/teacher/grant-end": 3}


def good_form(route):
    values = {name: field.good for name, field in route.fields.items()}
    if "id" in values:
        values["id"] = str(open_permit(KINDS[route.path]))
    if values.get("name") == "{site}":
        values["name"] = "s%d.example.com" % next(number)
    if values.get("code"):
        values["code"] = next(codes)
    if values.get("user") == "{user}":
        values["user"] = next(accounts)
    if values.get("version"):
        values["version"] = hashlib.sha256(open(RUN + "/terms.txt", "rb").read()).hexdigest()
    return {name: quote_plus(value) for name, value in values.items()}


def encode(fields):
    return "&".join("%s=%s" % pair for pair in fields)


def send(route, fields, secure, mark=True, headers=(), method=None, body=None, source=None, cookie=None):
    """fields: pairs, encoded; mark: that of this visitor, or another one, or none."""
    cookie = cookie or (teacher if route.teaching else None)
    visitor = Visitor(secure, source, cookie) if source else visitor_for(route.alone, secure, cookie)
    if route.marked and mark:
        fields = [("mark", mark if isinstance(mark, str) else visitor.mark())] + list(fields)
    text = encode(fields)
    if route.method == "GET" and method is None:
        answer = visitor.ask("GET", route.path + ("?" + text if text else ""), headers=headers)
    elif method == "GET":
        answer = visitor.ask("GET", route.path + "?" + text, headers=headers)
    else:
        answer = visitor.ask(method or "POST", route.path, text if body is None else body, headers)
    return answer


counted = [0]


def expect(what, route, status, *args, sent="", silent=False, **more):
    """Sends it; a refusal changes nothing and is counted once."""
    before = state()
    answer = send(route, *args, **more)
    check(answer.status == status, what, "answers", answer.status, "not", status,
          re.findall(r'(?s)class="(?:lead|note)[^>]*>(.*?)<', answer.text))
    if answer.status >= 400:
        check(state() == before, what, "is refused, and changes the register")
    now = refusals()
    check(now - counted[0] == (answer.status >= 400), what, "answers", answer.status, "and is counted as refused",
          now - counted[0], "times")
    counted[0] = now
    look_at(what, answer, sent)
    return answer


def name_of(route, secure, *more):
    return "%s %s%s %s:" % (route.method, "https" if secure else "http", route.path, " ".join(more))


# ---- steps ----

def step_routes():
    """Whatever the program answers stands in the table, and nothing else."""
    out = subprocess.run([RUN + "/esafe-pages", "--routes"], capture_output=True, text=True, check=True).stdout
    have = {tuple(line.split()[:3]) + tuple(sorted(line.split()[3:])) for line in out.splitlines()}
    want = {(route.method, route.path, route.schemes) +
            tuple(sorted(list(route.fields) + ["mark"] * route.marked)) for route in ROUTES}
    check(len(have) > 15, "the program tells of", len(have), "routes")
    for row in have ^ want:
        check(False, "only", "the program" if row in have else "the table", "has", *row)
    check({route.step for route in ROUTES} == {1, 2, 3}, "steps")


def send_texts(route, secure, name, field):
    def fields(value):
        form = good_form(route)
        form[name] = value
        return list(form.items())

    read = route.method == "POST"  # of an address what is no text is not used
    for kind, value in BROKEN.items():
        if kind == "raw byte" and not read:
            continue
        expect(name_of(route, secure, name, kind), route, 400 if read else route.good, fields(value), secure)
    for kind in field.texts:
        expect(name_of(route, secure, name, kind), route, field.expects(kind), fields(quote_plus(TEXTS[kind])), secure,
               sent=TEXTS[kind])
    expect(name_of(route, secure, name, "twice"), route, 400 if read else route.good,
           list(good_form(route).items()) + [(name, "1")], secure)
    left = [pair for pair in list(good_form(route).items()) if pair[0] != name]
    expect(name_of(route, secure, name, "left out"), route, field.expects("empty"), left, secure)


def forget_guesses(wanted):
    """esafe-pages anew: how often somebody may guess is for another step."""
    if wanted:
        for verb in ("unpages", "pages"):
            subprocess.run([SCHOOL, verb, os.path.basename(RUN)[3:]], check=True)
        counted[0] = 0


def send_bodies(route, secure):
    """What is no form at all."""
    form = list(good_form(route).items())
    for kind in ("text/plain", "application/json", "multipart/form-data; boundary=x", ""):
        expect(name_of(route, secure, "as", kind), route, 400, form, secure, headers={"Content-Type": kind})
    part = "".join('--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair for pair in form)
    part += "--x--\r\n"
    expect(name_of(route, secure, "in parts"), route, 400, [], secure, body=part.encode(),
           headers={"Content-Type": "multipart/form-data; boundary=x"})
    more = {"too many fields": "".join("&f%d=1" % i for i in range(40)), "too long": "&f=" + "x" * 20000}
    for kind in more:
        expect(name_of(route, secure, kind), route, 400, [], secure, body=(encode(form) + more[kind]).encode())
    expect(name_of(route, secure, "endless"), route, 413, [], secure, body=b"x",
           headers={"Content-Length": str(1 << 40)})


def send_methods(route, secure):
    form = list(good_form(route).items())
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "post", "get"):
        expect(name_of(route, secure, "by", method), route, 405, form, secure, method=method)
    expect(name_of(route, secure, "the other way"), route, 405, form, secure,
           method="POST" if route.method == "GET" else "GET")


def step_fields(step):
    """Every field of these routes with everything above, and each route as it should be."""
    global teacher
    if step == 3:
        teacher = sign_in()
    for route in (route for route in ROUTES if route.step == step):
        for secure in (scheme == "https" for scheme in route.schemes.split(",")):
            expect(name_of(route, secure, "as it should be"), route, route.good, list(good_form(route).items()), secure)
            for name, field in route.fields.items():
                forget_guesses(step == 2)
                send_texts(route, secure, name, field)
            send_methods(route, secure)
            if route.method == "POST":
                send_bodies(route, secure)


# ---- where it comes out ----

LISTS = ("request ls --past", "session ls --past", "notice ls", "terms ls", "voucher ls --past", "grant ls --past",
         "lesson ls --past", "log", "access ls", "class ls", "user ls", "device ls")
FORMULA = re.compile(r"\s*[=+@|\uff1d\uff0b\uff0d\uff20]|\s*-(?!\d+$)|[\t\r\n]")


def ctl(*words):
    out = subprocess.run([RUN + "/esafectl", "--socket", RUN + "/run/control", *words], capture_output=True, check=True)
    return out.stdout.decode("utf-8", "strict")


def hidden(text):
    return [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs")]


def step_shown():
    """What was taken above is text on the teachers' page, one line in a table and no formula in a sheet."""
    for at, kind in enumerate(FEW[:5]):
        ctl("request", "add", "words%d.example.com" % at, "--words", TEXTS[kind])
        ctl("grant", "--class", "4B", "--site", "reason%d.example.com" % at, "--for", "30m", "--reason", TEXTS[kind])
    for verb in LISTS:
        rows_of = ctl(*verb.split(), "--json").splitlines()
        check(all(not hidden(line) for line in rows_of), verb, "--json has control characters")
        lines = ctl(*verb.split()).splitlines()
        check(not rows_of or len(lines) == len(rows_of) + 1, verb, "has", len(lines), "lines for", len(rows_of), "rows")
        check(not hidden("".join(lines)), verb, "shows", hidden("".join(lines))[:5])
        cells = list(csv.reader(ctl(*verb.split(), "--csv").splitlines(), strict=True))
        check(len({len(row) for row in cells}) <= 1, verb, "--csv has rows of different lengths")
        for cell in itertools.chain(*cells):
            check(not FORMULA.match(cell) and not hidden(cell), verb, "--csv has", repr(cell[:60]))
    text = ctl("request", "ls", "--past", "--csv")
    for mark in ("'=cmd|", "'@SUM", "'-2+3", "<script>", "'\uff1d1", "' =1+1"):
        check(mark in text, "request ls --csv lacks", mark)
    page = Visitor(cookie=sign_in()).ask("GET", "/teacher")
    look_at("the page of teachers:", page, TEXTS["script"])
    check(page.text.count("&lt;script&gt;") >= 2, "the page of teachers lacks what was sent")


# ---- forms of others ----

FOREIGN = {
    "by another site": {"Origin": "https://evil.example.com"},
    "by nobody": {"Origin": "null"},
    "by another scheme": {"Origin": "ws://[%s]" % SERVER},
    "by a longer name": {"Origin": "https://[%s]:8443.evil.example" % SERVER},
    "from another page": {"Referer": "https://evil.example.com/%s" % SERVER},
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "from beside us": {"Sec-Fetch-Site": "same-site"},
}


def forge(route, secure, other):
    """Everything but what this page showed to this device and this person."""
    def refused(what, **more):
        expect(name_of(route, secure, what), route, 403, list(good_form(route).items()), secure, **more)

    own = teacher if route.teaching else None
    for what, headers in FOREIGN.items():
        refused(what, headers=headers)
    if not route.marked:
        return
    refused("without its mark", mark=False)
    refused("with a mark of nobody", mark="0" * 64)
    refused("with half of its mark", mark=Visitor(secure, cookie=own).mark()[:32])
    refused("with that of another device", mark=Visitor(secure, cookie=own).mark())
    if route.teaching:
        at = address()
        refused("with that of nobody", source=at, mark=Visitor(source=at).mark())
        refused("with that of another person", source=at, mark=Visitor(source=at, cookie=other).mark())
    host = "[%s]:8443" % SERVER if secure else "[%s]" % SERVER
    if route.path != "/teacher/logout":
        expect(name_of(route, secure, "as browsers send it"), route, route.good, list(good_form(route).items()), secure,
               headers={"Origin": "http%s://%s" % ("s" * secure, host), "Sec-Fetch-Site": "same-origin",
                        "Referer": "http%s://%s/" % ("s" * secure, host)})


def step_forged():
    """A form that this page did not show to this device, or not to this person, or too long ago, does nothing."""
    global teacher
    teacher, other = sign_in(), sign_in()
    for route in ROUTES:
        for secure in (scheme == "https" for scheme in route.schemes.split(",")):
            if route.method == "POST":
                forge(route, secure, other)
    at = address()
    old, request = Visitor(False, at).mark(), next(route for route in ROUTES if route.path == "/request")
    forget_guesses(True)
    expect("a form of before:", request, 403, list(good_form(request).items()), False, source=at, mark=old)


# ---- heads and sessions ----

HOSTS = ("evil.example.com", "192.0.2.1.evil.example.com", "192.0.2.1@evil.example.com", "[2001:db8:1::1]evil",
         "evil:80", "<script>alert(1)</script>", "a" * 3000, "\"><img src=x onerror=alert(1)>",
         "evil.example.com/\\192.0.2.1", "", None)
PATHS = ("/<script>alert(1)</script>", "/%3Cscript%3Ealert(1)%3C/script%3E", "//evil.example.com/portal",
         "/portal%0d%0aSet-Cookie:%20own=1", "/teacher/../../etc/passwd", "/x%00", "/teacher/%00", "/" + "x" * 9000,
         "/?" + "a=1&" * 200, "/?%zz&a=%ff&a&a")
RAW = (b"GET / HTTP/9.9\r\n\r\n", b"<script>\r\n\r\n", b"GET <script> HTTP/1.1\r\nHost: x\r\n\r\n",
       b"\0" * 40 + b"\r\n\r\n", b"GET / HTTP/1.1\nHost: x\n\n",
       b"GET / HTTP/1.1\r\nHost: x\r\nno colon <script>\r\n\r\n",
       b"POST /request HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0" + b"\xff" * 80,
       b"POST /request HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx\r\n",
       b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 60000 + b"\r\n\r\n")


def step_heads():
    for secure, path in itertools.product((False, True), ("/", "/portal", "/teacher", "/captive-portal/api")):
        for host in HOSTS:
            answer = Visitor(secure).ask("GET", path, headers={"Host": host, "X-Forwarded-Host": "evil.example.com"})
            what = "Host %s at http%s%s:" % ((host or "none")[:40], "s" * secure, path)
            check(answer.status == (421 if secure else 403), what, "answers", answer.status)
            look_at(what, answer, host or "")
    for secure, path in itertools.product((False, True), PATHS):
        answer = Visitor(secure).ask("GET", path)
        wanted = 200 if path.startswith("/?") else 405 if path.startswith("/teacher/") and secure else 404
        check(answer.status == wanted, path[:40], "answers", answer.status)
        look_at(path[:40], answer, "<script>alert(1)</script>")
    for head in RAW:
        sock = connect(False, address())
        sock.sendall(head)
        text = b""
        while select.select([sock], [], [], 1)[0]:  # some heads are never whole: nothing is said of them
            part = sock.recv(65536)
            text += part
            if not part:
                break
        check(b"<script>" not in text and not text.startswith(b"HTTP/1.1 500"), head[:30], "answers", text[:60])
    much = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    sock = connect(False, address())
    try:
        sock.sendall(b"POST /request HTTP/1.1\r\nHost: 192.0.2.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(2000):
            sock.sendall(much)
        check(False, "an endless body is read to its end")
    except OSError:
        check(True)
    sessions()


def sessions():
    own = "f" * 64
    visitor = Visitor(cookie=own)
    answer = log_in(visitor)
    got = cookie_of(answer)
    check(got and got.group(1) != own, "a cookie that a stranger chose is kept:", answer.header("Set-Cookie"))
    check("Signed in as" not in Visitor(cookie=own).ask("GET", "/teacher").text, "a stranger's cookie is signed in")
    first = visitor.cookie = got.group(1)
    check("Signed in as" in visitor.ask("GET", "/teacher").text, "a right log-in is none")
    visitor.marked = None
    answer = log_in(visitor)
    second = cookie_of(answer).group(1)
    check("Signed in as" not in Visitor(cookie=first).ask("GET", "/teacher").text, "a session outlives a log-in")
    other = sign_in()
    visitor.cookie, visitor.marked = second, None
    answer = visitor.ask("POST", "/teacher/logout", "mark=" + visitor.mark())
    check(answer.status == 303 and "Max-Age=0" in answer.header("Set-Cookie"), "signing out", answer.status)
    check("Signed in as" not in Visitor(cookie=second).ask("GET", "/teacher").text, "signed out, and signed in")
    answer = Visitor(cookie=second).ask("POST", "/teacher/lesson", "class=4B&only=1&for=30m&mark=" + visitor.marked)
    check(answer.status == 303 and answer.header("Location") == "/teacher", "signed out, and a lesson:", answer.status)
    check("Signed in as" in Visitor(cookie=other).ask("GET", "/teacher").text, "one signs out, and another is out")
    for cookie in ("<script>", "x\"", "a=b; __Host-esafe=" + other, "0" * 64, other[:63], other + "0", other.upper()):
        page = Visitor(cookie=cookie).ask("GET", "/teacher")
        check("For teachers" in page.text, "the cookie", cookie[:20], "is somebody's")
        look_at("a cookie:", page, cookie)
    check(Visitor(False, cookie=other).ask("GET", "/teacher").status == 303, "a cookie counts over plain HTTP")


# ---- guessing ----

def guess(path, fields, source=None):
    visitor = Visitor(True, source)
    return visitor.ask("POST", path, fields + "&mark=" + visitor.mark()).status


def step_force():
    """Six tries at once for an address, an account, however it is written; sixty for all. Nobody is locked out."""
    at, code = address(), next(codes)
    before = figures()
    got = [guess("/portal/voucher", "code=AAAA-BBBB-CCCC", at) for _ in range(8)]
    check(got == [403] * 6 + [429] * 2, "codes of one device:", got)
    version = good_form(next(r for r in ROUTES if r.path == "/portal/voucher"))["version"]
    right = "accept=1&version=%s&code=%s" % (version, code)
    check(guess("/portal/voucher", right, at) == 429, "the right code after too many wrong ones")
    check(guess("/portal/voucher", right) == 200, "another device has its code")
    names = ("teacher20", "TEACHER20", "SCHOOL%5Cteacher20", "teacher20%40school.example", "Teacher20", "+teacher20")
    got = [guess("/teacher/login", "password=x&user=" + name) for name in names + names[:2]]
    check(got == [403] * 6 + [429] * 2, "passwords of one account from many devices:", got)
    check(guess("/portal/login", "password=x&user=teacher20") == 429, "the same account at the portal")
    check(guess("/teacher/login", "password=a+long+word&user=teacher21") == 303, "another account")
    got = [guess("/portal/voucher", "code=AAAA-BBBB-DDDD") for _ in range(60)]
    check(429 in got and got.index(429) > 30, "codes of many devices:", got)
    after = figures()
    slowed = after["logins_slowed"] - before["logins_slowed"]
    check(slowed == got.count(429) + 6, "slowed down", slowed, "counted of", got.count(429) + 6)


def step_slow():
    """A byte now and then: nobody is heard for ever."""
    begun, socks = time.monotonic(), [connect(secure, address()) for secure in (False, True) for _ in range(3)]
    heads = (b"POST /request HTTP/1.1\r\nHost: 192.0.2.1\r\nContent-Length: 9000\r\n\r\n", b"GET /", b"")
    for sock, head in zip(socks, heads * 2):
        sock.sendall(head)
    while socks and time.monotonic() - begun < 40:
        hung_up = select.select(socks, [], [], 0.5)[0]
        for sock in list(socks):
            try:
                sock.sendall(b"" if sock in hung_up and sock.recv(4096) else b"x")
            except OSError:
                socks.remove(sock)
    took = time.monotonic() - begun
    check(not socks, len(socks), "connections are heard for ever")
    check(took > 15, "a connection is cut after", took, "s")


STEPS = {"routes": step_routes, "fields": lambda: step_fields(int(sys.argv[5])), "shown": step_shown,
         "forged": step_forged, "heads": step_heads, "force": step_force, "slow": step_slow}

enter(CLIENT)
counted[0] = refusals() if STEP != "routes" else 0
STEPS[STEP]()
tell()
