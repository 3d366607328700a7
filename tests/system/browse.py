#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Chromium led by words: browse.py WIDTHxHEIGHT STEP...

    go URL         loads a page, and follows where it leads
    focus NAME     moves on with the Tab key until the element of this name, id or text has the focus
    write TEXT     types into what has the focus
    key KEY        presses Enter, Space, Tab or Escape; waits for the page that follows Enter
    text           prints what is to be read on the page
    title          prints its title
    where          prints its address
    fits           prints "fits", or what is wider than the screen, too small for a finger, without a name or contrast
    dark           from now on in the dark
    scripts        from now on scripts may run, and nothing but the page itself keeps them from it
    ran            prints "nothing ran", or that a script did
    shot FILE      takes a picture of the whole page

Only keys are used, as somebody without a mouse would; scripts are switched off in the pages unless asked for."""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile

KEYS = {"Enter": (13, "\r"), "Space": (32, " "), "Tab": (9, ""), "Escape": (27, "")}
FOCUSED = """(() => { const e = document.activeElement; return [e.id, e.name, e.type == "password" ? "" : e.value,
    e.innerText, e.getAttribute("aria-label")].map(s => (s || "").trim()) })()"""


FITS = """(() => {
    const faults = [], page = document.documentElement;
    const light = c => { const [r, g, b] = c.match(/[0-9.]+/g).map(v => v / 255).map(v =>
        v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
    const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
        if (!/, 0[)]$/.test(c)) return c } return "rgb(255, 255, 255)" };
    document.querySelectorAll("details").forEach(e => e.open = true);
    if (page.scrollWidth > innerWidth) faults.push("it is " + page.scrollWidth + " wide");
    if (!page.lang) faults.push("its language is not said");
    let level = 0;
    for (const e of document.querySelectorAll("h1, h2, h3, h4")) {
        if (+e.tagName[1] > level + 1) faults.push("a level is left out before " + e.innerText);
        level = +e.tagName[1];
    }
    const hit = "a:not(.skip), button, input:not([type=hidden]), select, textarea, summary";
    for (const e of document.querySelectorAll(hit)) {
        const label = e.labels && e.labels[0], box = (e.type == "checkbox" && label || e).getBoundingClientRect();
        if (e.labels && e.tagName != "BUTTON" && !(label && label.innerText.trim())) faults.push("no name: " + e.name);
        if (Math.round(box.height) < 44 || box.width < 44)
            faults.push("too small: " + e.tagName + " " + (e.id || e.innerText) + " " + box.width + "x" + box.height);
    }
    for (const e of document.querySelectorAll("body *")) {
        const text = [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim());
        if (!text || !e.getBoundingClientRect().width) continue;
        const both = [light(getComputedStyle(e).color), light(behind(e))].sort((a, b) => a - b);
        if ((both[1] + 0.05) / (both[0] + 0.05) < 4.5) faults.push("hardly to be read: " + e.innerText.slice(0, 40));
    }
    return faults.join("; ") || "fits" })()"""


class Browser:
    def __init__(self, size):
        self.home = tempfile.mkdtemp(prefix="es-chromium-")
        to_read, to_write = os.pipe(), os.pipe()
        self.process = subprocess.Popen(
            ["sh", "-c", "exec chromium \"$@\" 3<&%d 4>&%d" % (to_read[0], to_write[1]), "sh", "--headless=new",
             "--no-sandbox", "--disable-gpu", "--ignore-certificate-errors", "--hide-scrollbars", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
             "--user-data-dir=" + self.home, "--window-size=" + size.replace("x", ","), "about:blank"],
            pass_fds=(to_read[0], to_write[1]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read[0])
        os.close(to_write[1])
        self.out, self.back = to_read[1], os.fdopen(to_write[0], "rb")
        self.number, self.session, self.loads, self.dialogs = 0, None, 0, 0
        page = next(t for t in self.ask("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        width, height = map(int, size.split("x"))
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                 mobile=width < 500)
        self.ask("Page.enable")
        self.ask("Emulation.setScriptExecutionDisabled", value=True)

    def message(self):
        text = b""
        while not text.endswith(b"\0"):
            byte = self.back.read(1)
            if not byte:
                sys.exit("chromium ended")
            text += byte
        message = json.loads(text[:-1])
        self.loads += message.get("method") == "Page.loadEventFired"
        if message.get("method") == "Page.javascriptDialogOpening":
            self.dialogs += 1
            self.number += 1
            os.write(self.out, json.dumps({"id": self.number, "method": "Page.handleJavaScriptDialog",
                                           "params": {"accept": True}, "sessionId": self.session}).encode() + b"\0")
        return message

    def ask(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.out, json.dumps(request).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.number:
                if "error" in message:
                    sys.exit("%s: %s" % (method, message["error"]["message"]))
                return message["result"]

    def value(self, expression):
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def loaded(self, before):
        while self.loads == before:
            self.message()

    def go(self, url):
        before = self.loads
        result = self.ask("Page.navigate", url=url)
        if "errorText" in result:
            sys.exit("%s: %s" % (url, result["errorText"]))
        self.loaded(before)

    def press(self, key):
        code, text = KEYS[key]
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=" " if key == "Space" else key, code=key,
                 windowsVirtualKeyCode=code, text=text)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=" " if key == "Space" else key, code=key,
                 windowsVirtualKeyCode=code)

    def key(self, key):
        before = self.loads
        self.press(key)
        if key == "Enter":
            self.loaded(before)

    def focus(self, name):
        for _ in range(80):
            if name in self.value(FOCUSED):
                return
            self.press("Tab")
        sys.exit("the Tab key does not lead to %s" % name)

    def write(self, text):
        if self.value("document.activeElement.tagName") != "SELECT":
            self.ask("Input.insertText", text=text)
            return
        for letter in text:
            self.ask("Input.dispatchKeyEvent", type="keyDown", key=letter, text=letter)
            self.ask("Input.dispatchKeyEvent", type="keyUp", key=letter)

    def text(self):
        print(self.value("document.body.innerText"))

    def title(self):
        print(self.value("document.title"))

    def where(self):
        print(self.value("location.href"))

    def fits(self):
        print(self.value(FITS))

    def dark(self):
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])

    def scripts(self):
        self.ask("Page.setBypassCSP", enabled=True)
        self.ask("Emulation.setScriptExecutionDisabled", value=False)

    def ran(self):
        ran = self.dialogs or self.value("document.title == 'ran' || !!document.querySelector('script, [onerror]')")
        print("a script ran" if ran else "nothing ran")

    def shot(self, file):
        picture = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        with open(file, "wb") as out:
            out.write(base64.b64decode(picture["data"]))

    def end(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def main():
    wants = {"go": 1, "focus": 1, "write": 1, "key": 1, "shot": 1}
    browser, words = Browser(sys.argv[1]), sys.argv[2:]
    try:
        while words:
            step = words.pop(0)
            getattr(browser, step)(*[words.pop(0) for _ in range(wants.get(step, 0))])
    finally:
        browser.end()


main()
