# SPDX-License-Identifier: GPL-2.0-or-later
"""What hostile.py is told with: visitors of the pages, each with an address of its own, and what an answer may be."""
import ctypes
import hashlib
import html.parser
import http.client
import itertools
import os
import re
import socket
import sqlite3
import ssl
import sys
import time

RUN, GATEWAY, CLIENT, STEP = sys.argv[1:5]
SERVER, OTHER = "2001:db8:1::1", "2001:db8:9::"
BASE = "https://192.0.2.1:8443"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
                               "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OWN_HEADERS = set(HEADERS) | {"Content-Type", "Content-Length", "Date", "Connection", "Location", "Set-Cookie", "Allow"}
checked, faults = [0], []


def check(holds, *what):
    checked[0] += 1
    if not holds:
        faults.append(" ".join(str(part) for part in what)[:300])


def tell():
    """What came of it all, and ends."""
    for fault in faults:
        print("   ", fault)
    print("%d checks, %d faults" % (checked[0], len(faults)))
    sys.exit(bool(faults))


# ---- getting there ----

libc = ctypes.CDLL(None, use_errno=True)
tls = ssl._create_unverified_context()
number = itertools.count(int(time.time() * 8) % 0x10000000 << 12)


def enter(namespace):
    with open("/run/netns/" + namespace) as at:
        if libc.setns(at.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), "setns")


def address():
    """One that nobody had before."""
    fresh = next(number)
    return OTHER + ":".join("%x" % (fresh >> shift & 0xffff) for shift in (32, 16, 0))


def connect(secure, source):
    sock = socket.socket(socket.AF_INET6)
    sock.settimeout(30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.IPPROTO_IPV6, 78, 1)  # IPV6_FREEBIND: the whole network leads here
    sock.bind((source, 0))
    sock.connect((SERVER, 8443 if secure else 80))
    if not secure:
        return sock
    return tls.wrap_socket(sock)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.getheaders()
        self.text = response.read().decode("utf-8", "strict")

    def header(self, name):
        return next((value for key, value in self.headers if key == name), "")


class Visitor:
    """A browser with one connection; https unless said otherwise."""
    def __init__(self, secure=True, source=None, cookie=None):
        self.secure, self.cookie, self.source = secure, cookie, source or address()
        self.host = "[%s]%s" % (SERVER, ":8443" if secure else "")
        self.connection, self.asked, self.marked = None, 0, None

    def ask(self, method, path, body=None, headers=()):
        self.asked += 1
        if not self.connection or not self.connection.sock:
            self.connection = http.client.HTTPConnection(SERVER)
            self.connection.auto_open = False
            self.connection.sock = connect(self.secure, self.source)
        all_headers = {"Host": self.host}
        body = body.encode("latin-1") if isinstance(body, str) else body
        if body is not None:
            all_headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self.cookie:
            all_headers["Cookie"] = "__Host-esafe=" + self.cookie
        all_headers.update(headers)
        self.connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        if body is not None and not {"Transfer-Encoding", "Content-Length"} & set(headers):
            self.connection.putheader("Content-Length", str(len(body)))
        for name, value in all_headers.items():
            if value is not None:
                self.connection.putheader(name, value)
        self.connection.endheaders(body)
        return Answer(self.connection.getresponse())

    def mark(self):
        if not self.marked:
            self.marked = re.search('name="mark" value="([0-9a-f]{64})"', self.ask("GET", "/").text).group(1)
        return self.marked


known = {}


def visitor_for(alone, secure, cookie):
    """The one of before, as long as no limit is near; alone: nobody who asked before."""
    old = known.get((secure, cookie))
    if alone or not old or old.asked > 45:
        old = known[secure, cookie] = Visitor(secure, None, cookie)
    return old


# ---- what it came to ----

register = sqlite3.connect("file:%s/state/register.db?mode=ro" % RUN, uri=True, isolation_level=None)
TABLES = ("requests", "request_askers", "vouchers", "acceptances", "terms", "sessions", "permits", "changes")
written = [None, None]


def rows(sql, *values):
    return register.execute(sql, values).fetchall()


def state():
    """Of the register: the same text as long as nobody changed it."""
    version = rows("PRAGMA data_version")[0][0]
    if version != written[0]:
        text = repr([rows("SELECT * FROM " + table) for table in TABLES])
        written[:] = version, hashlib.sha256(text.encode()).hexdigest()
    return written[1]


metrics = http.client.HTTPConnection("127.0.0.1", 9465, timeout=30)


def figures():
    if not metrics.sock:
        enter(GATEWAY)
        metrics.connect()
        enter(CLIENT)
    metrics.request("GET", "/metrics")
    text = metrics.getresponse().read().decode()
    return {name: int(value) for name, value in re.findall(r"^esafe_pages_(\w+)_total (\d+)$", text, re.M)}


def refusals():
    """All that was refused, for whatever reason."""
    return sum(value for name, value in figures().items() if name not in ("visits", "logins", "logons", "slow"))


class Page(html.parser.HTMLParser):
    """What is an element, an attribute, a link of a page; of our templates, what may be."""
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.parts, self.links = set(), set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.parts.add(tag)
        for name, value in attrs:
            self.parts.add((tag, name))
            if name in ("href", "action", "src"):
                self.links.add(value or "")

    def handle_decl(self, text):
        self.parts.add("!" + text)

    def handle_comment(self, text):
        self.parts.add("<!--")


def template_parts():
    folder, text = RUN + "/share/pages/", ""
    for name in os.listdir(folder):
        if name.endswith(".html"):
            text += re.sub(r"{{.*?}}", "x", open(folder + name).read())
    return Page(text).parts


MAY = template_parts()
LINK = re.compile(r"(/[a-z/.-]*|#main|tel:\d+|https://[a-z0-9.-]+/)$")
GOES = re.compile(r"(/teacher(\?done=[a-z-]+)?|%s/(portal|teacher))$" % re.escape(BASE))


def look_at(what, answer, sent=""):
    """Nothing that was sent is more than text on the page or in its head."""
    names = {name for name, _ in answer.headers}
    check(names <= OWN_HEADERS, what, "has headers of others:", names - OWN_HEADERS)
    for name, value in HEADERS.items():
        check(answer.header(name) == value, what, "has", name, repr(answer.header(name)))
    check(all("\r" not in value and "own=1" not in value for _, value in answer.headers), what, "splits its head")
    to = answer.header("Location")
    check(not to or GOES.match(to), what, "leads to", to)
    kind = answer.header("Content-Type")
    check("charset=utf-8" in kind or kind == "application/captive+json", what, "is", kind)
    if len(sent) > 3 and not sent.isalnum() and re.search("[<>\"']", sent):
        check(sent not in answer.text, what, "comes back as it was sent")
    if kind.startswith("text/html"):
        page = Page(answer.text)
        check(page.parts <= MAY, what, "has in its page", page.parts - MAY)
        check(all(LINK.match(link) for link in page.links), what, "links to", page.links)
    elif answer.status >= 400:
        check(not re.search("[<>&\"]", answer.text), what, "answers", answer.text[:80])


def cookie_of(answer):
    return re.fullmatch(r"__Host-esafe=([0-9a-f]{64}); Path=/; Secure; HttpOnly; SameSite=Strict",
                        answer.header("Set-Cookie"))
