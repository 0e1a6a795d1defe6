"""Opens a page in headless Chromium as a person would, once a screen, and prints what is to be seen as JSON.

usage: look_at_page.py PAGE.html [SCREENSHOT-FOLDER]

Chromium is spoken to over its own pipe (--remote-debugging-pipe): NUL-ended JSON on descriptors 3 and 4.
"""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SCREENS = [
    {"name": "desk-light", "width": 1280, "height": 900, "media": "screen", "scheme": "light"},
    {"name": "desk-dark", "width": 1280, "height": 900, "media": "screen", "scheme": "dark"},
    {"name": "phone-light", "width": 390, "height": 844, "media": "screen", "scheme": "light"},
    {"name": "phone-dark", "width": 390, "height": 844, "media": "screen", "scheme": "dark"},
    # A4 less its margins, in CSS pixels.
    {"name": "paper", "width": 718, "height": 1000, "media": "print", "scheme": "dark"},
]

# What is laid out and painted. Contrast is WCAG 2's, of every piece of text against what lies behind it.
LOOK = r"""(() => {
  const parts = text => text.match(/[\d.]+/g).map(Number);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (parts(color)[3] !== 0) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const light = color => parts(color).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, index) => sum + v * [0.2126, 0.7152, 0.0722][index], 0);
  const contrast = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((m, n) => n - m);
    return (x + 0.05) / (y + 0.05);
  };
  let lowest = 21, smallest = 100;
  const sticking = [];
  for (const element of document.querySelectorAll('main *')) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const scrolls = element.closest('.wide, pre');
    if (!scrolls && box.right > innerWidth + 0.5) sticking.push(element.tagName + ' ' + element.textContent.slice(0, 40));
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    if (style.clipPath !== 'none' || element.closest('thead') && box.width <= 1) continue;
    const color = element instanceof SVGElement ? style.fill : style.color;
    if (element.tagName !== 'title') lowest = Math.min(lowest, contrast(color, behind(element)));
    smallest = Math.min(smallest, parseFloat(style.fontSize));
  }
  const boxes = selector => [...document.querySelectorAll(selector)].map(e => e.getBoundingClientRect());
  const labels = boxes('.chart text').filter(box => box.top > (boxes('.chart')[0] || {}).top + 190);
  return {
    title: document.title,
    text: document.body.innerText,
    headings: [...document.querySelectorAll('h1, h2')].map(e => e.innerText),
    verdictTop: (boxes('.verdict')[0] || {}).top,
    overflow: document.documentElement.scrollWidth - innerWidth,
    sticking, lowestContrast: lowest, smallestFont: smallest,
    background: getComputedStyle(document.body).backgroundColor,
    bars: boxes('.chart rect').map(box => [box.width, box.height]),
    overlappingLabels: labels.some((a, i) => labels.some((b, j) => i < j && a.left < b.right && b.left < a.right)),
    findings: document.querySelectorAll('#findings article').length,
    scripts: document.scripts.length,
    loaded: performance.getEntriesByType('resource').map(entry => entry.name),
    foreign: [...document.querySelectorAll('img, iframe, link, object, embed, form, a')].map(e => e.tagName),
  };
})()"""


class Browser:
    def __init__(self, profile: str):
        to_read, self.writer = os.pipe()
        self.reader, to_write = os.pipe()

        def hand_over():
            # Through high numbers first: either pipe may have been given 3 or 4 itself.
            high_read, high_write = os.dup(to_read), os.dup(to_write)
            high_read, high_write = [os.dup2(fd, fd + 100) for fd in (high_read, high_write)]
            os.dup2(high_read, 3)
            os.dup2(high_write, 4)

        program = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
        if program is None:
            sys.exit("no chromium on PATH: scripts/test installs it")
        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"],
            preexec_fn=hand_over, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.pending, self.count, self.events = b"", 0, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = None
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def message(self):
        while b"\0" not in self.pending:
            piece = os.read(self.reader, 1 << 20)
            if not piece:
                sys.exit("chromium ended early")
            self.pending += piece
        text, self.pending = self.pending.split(b"\0", 1)
        return json.loads(text)

    def call(self, method: str, **parameters):
        self.count += 1
        call = {"id": self.count, "method": method, "params": parameters}
        if getattr(self, "session", None):
            call["sessionId"] = self.session
        data = json.dumps(call).encode() + b"\0"
        while data:
            data = data[os.write(self.writer, data):]
        while True:
            answer = self.message()
            if answer.get("id") == self.count:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method: str):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message())

    def end(self):
        self.session = None
        self.call("Browser.close")
        self.process.wait(timeout=30)


def main() -> int:
    page = pathlib.Path(sys.argv[1]).resolve().as_uri()
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    seen = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        for domain in ["Page", "Network", "Log", "Runtime"]:
            browser.call(f"{domain}.enable")
        for screen in SCREENS:
            browser.call("Emulation.setDeviceMetricsOverride", width=screen["width"], height=screen["height"],
                         deviceScaleFactor=1, mobile=screen["width"] < 600)
            browser.call("Emulation.setEmulatedMedia", media=screen["media"],
                         features=[{"name": "prefers-color-scheme", "value": screen["scheme"]}])
            browser.events = []
            browser.call("Page.navigate", url=page)
            browser.wait("Page.loadEventFired")
            result = browser.call("Runtime.evaluate", expression=LOOK, returnByValue=True)
            if "exceptionDetails" in result:
                sys.exit(f"cannot look at the page: {result['exceptionDetails']}")
            look = result["result"]["value"]
            look["requests"] = [event["params"]["request"]["url"] for event in browser.events
                                if event.get("method") == "Network.requestWillBeSent"]
            look["complaints"] = [event["params"]["entry"]["text"] for event in browser.events
                                  if event.get("method") == "Log.entryAdded"]
            look["dialogs"] = sum(event.get("method") == "Page.javascriptDialogOpening" for event in browser.events)
            seen[screen["name"]] = look
            if folder:
                shot = browser.call("Page.captureScreenshot", captureBeyondViewport=True)
                (folder / f"{screen['name']}.png").write_bytes(base64.b64decode(shot["data"]))
        browser.end()
    json.dump(seen, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
