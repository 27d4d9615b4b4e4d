"""A headless Chromium for the tests of the page; without it they are skipped, except where none may be."""

import contextlib
import importlib
import os
import pkgutil
import shutil

import page_cases
import pytest

import pytest_optlandscape

# pytester forgets the modules that an inner session imports first; compiled ones cannot be imported twice
for module in pkgutil.walk_packages(pytest_optlandscape.__path__, "pytest_optlandscape."):
    importlib.import_module(module.name)
for name in ("contourpy", "jinja2"):
    with contextlib.suppress(ImportError):
        importlib.import_module(name)

MAY_SKIP = not os.environ.get("OPTLANDSCAPE_NO_SKIPS")


@pytest.fixture(scope="session")
def chromium():
    if MAY_SKIP:
        pytest.importorskip("playwright", reason="tests of the page need Playwright")
        if shutil.which("chromium") is None:
            pytest.skip("tests of the page need Debian's chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        yield browser
        browser.close()


class Reader:
    """Somebody who opens a page from a file, and notes what goes wrong."""

    def __init__(self, browser, folder):
        self._browser = browser
        self._folder = folder
        self._contexts = []
        self.requests = []
        self.complaints = []

    def open(self, text, fragment="", **how):
        path = self._folder / "report.html"
        path.write_text(text, encoding="utf-8", newline="\n")
        context = self._browser.new_context(**{"viewport": {"width": 1100, "height": 800}, **how})
        self._contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (self.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.set_default_timeout(5000)
        page.goto(path.as_uri() + fragment)
        if how.get("java_script_enabled", True):
            page.wait_for_selector("html[data-ready]")
        return page

    def close(self):
        for context in self._contexts:
            context.close()
        assert self.complaints == []
        assert {url.partition("#")[0] for url in self.requests} <= {(self._folder / "report.html").as_uri()}


@pytest.fixture
def reader(chromium, tmp_path):
    """Open pages in Chromium; in the end no complaint of the console and no request but for the page itself."""
    made = Reader(chromium, tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def usual():
    pytest.importorskip("jinja2") if MAY_SKIP else None
    return page_cases.usual().page()
