"""Walk of the WordPress plugin: an Author publishes blocks in the browser, then the knowledge base goes away.

Everything is in a temporary directory. `python tests/wordpress/walk.py [SCREENSHOTS]` keeps screenshots in a directory.
"""

import getpass
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "integrations/wordpress/build.py"
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import live  # noqa: E402

START_SECONDS = 90
WORDPRESS = Path("/usr/share/wordpress")
PROCEDURE = "lumbar-medial-branch-radiofrequency-ablation"
OFFERED = "transforaminal-epidural-steroid-injection"
ATTACK = '"><script>window.attacked = 1</script><img src=x onerror="window.attacked = 1">'


@contextmanager
def run(command: list[str], environment: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server, and stop it with its workers: those of PHP do not stop by themselves."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env=os.environ | environment, stdout=out, stderr=out, start_new_session=True
        )
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


@contextmanager
def run_mariadb(directory: Path) -> Iterator[Path]:
    """Run MariaDB with an empty database `wordpress`; yields the path of its socket."""
    data, socket = directory / "mariadb", directory / "db.sock"
    user = getpass.getuser()
    create = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", f"--user={user}", "--skip-test-db"]
    create += ["--auth-root-authentication-method=normal"]
    subprocess.run(create, check=True, stdout=subprocess.DEVNULL)
    options = [f"--datadir={data}", f"--socket={socket}", f"--user={user}", "--skip-networking"]
    options += [f"--pid-file={directory / 'db.pid'}", "--skip-log-bin"]
    command = [shutil.which("mariadbd") or "/usr/sbin/mariadbd", "--no-defaults", *options]
    with run(command, {}, directory / "mariadb.log") as process:
        client = ["mariadb", "--no-defaults", f"--socket={socket}", "-u", "root", "-e"]
        deadline = time.monotonic() + START_SECONDS
        while subprocess.run([*client, "SELECT 1"], check=False, capture_output=True).returncode:
            if time.monotonic() > deadline or process.poll() is not None:
                sys.exit((directory / "mariadb.log").read_text()[-2000:])
            time.sleep(0.2)
        subprocess.run([*client, "CREATE DATABASE wordpress CHARACTER SET utf8mb4"], check=True)
        yield socket


@contextmanager
def run_wordpress(directory: Path, socket: Path, server: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Install WordPress with the plugin from its zip and serve it; yields its URL and its environment."""
    site, port = directory / "site", live.find_free_port()
    shutil.copytree(WORDPRESS, site)
    (site / "wp-config.php").unlink(missing_ok=True)
    shutil.copy(HERE / "wp-config.php", site / "wp-config.php")
    subprocess.run([sys.executable, BUILD, directory], check=True)
    with zipfile.ZipFile(directory / "procedure-kb.zip") as archive:
        archive.extractall(site / "wp-content/plugins")
    url = f"http://127.0.0.1:{port}"
    environment = {"WP_SOCKET": str(socket), "WP_URL": url, "WP_LOG": str(directory / "debug.log")}
    install = ["php", str(HERE / "install.php"), str(site), server]
    subprocess.run(install, env=os.environ | environment, check=True, timeout=120)
    command = ["php", "-q", "-S", f"127.0.0.1:{port}", "-t", str(site)]
    with run(command, environment | {"PHP_CLI_SERVER_WORKERS": "4"}, directory / "php.log"):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with urlopen(f"{url}/wp-login.php", timeout=30):
                    break
            except HTTPError:
                sys.exit((directory / "debug.log").read_text()[-3000:])
            except (URLError, OSError):
                if time.monotonic() > deadline:
                    sys.exit((directory / "php.log").read_text()[-2000:])
                time.sleep(0.2)
        yield url, environment


def log_in(page: Page, site: str, user: str) -> None:
    page.goto(f"{site}/wp-login.php")
    page.fill("#user_login", user)
    page.fill("#user_pass", f"{user}-password")
    page.click("#wp-submit")
    page.wait_for_selector("#wpadminbar")


def open_editor(page: Page, site: str) -> None:
    page.goto(f"{site}/wp-admin/post-new.php")
    page.wait_for_function("() => window.wp?.blocks?.getBlockType('procedure-kb/search')")
    page.wait_for_selector(".editor-post-title, .edit-post-visual-editor")


def insert_block(page: Page, block: str, attributes: dict[str, object]) -> None:
    page.evaluate(
        "([name, attributes]) => wp.data.dispatch('core/block-editor').insertBlock(wp.blocks.createBlock(name, attributes))",
        [f"procedure-kb/{block}", attributes],
    )


def publish(page: Page, title: str) -> str:
    """Publish the post with the buttons of the editor, and return its URL."""
    page.evaluate("(title) => wp.data.dispatch('core/editor').editPost({ title })", title)
    page.click(".editor-post-publish-panel__toggle")
    page.click(".editor-post-publish-button")
    page.wait_for_selector(".post-publish-panel__postpublish-header a, .components-snackbar__content a")
    url: str = page.evaluate("() => wp.data.select('core/editor').getPermalink()")
    return url


def expect(condition: object, message: str) -> None:
    if not condition:
        sys.exit(f"failed: {message}")
    print(f"ok: {message}")


def take_screenshot(page: Page, name: str) -> None:
    if len(sys.argv) > 1:
        Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(sys.argv[1]) / f"{name}.png", full_page=True)


def write_post(page: Page, site: str) -> str:
    """An Author publishes three blocks, the first chosen by its name in the settings of the block."""
    open_editor(page, site)
    insert_block(page, "procedure", {"variant": "card"})
    page.wait_for_selector(".kb-message")
    field = page.locator(".components-combobox-control__input")
    field.fill("Lumbar medial branch radiofrequency")
    field.press("Enter")
    page.wait_for_selector(".kb-embed .call")
    expect("harms" in page.inner_text(".kb-embed").lower(), "the editor shows the card of the chosen procedure")
    insert_block(page, "options", {"condition": "lumbar-radiculopathy", "offered": OFFERED, "variant": "full"})
    insert_block(page, "relief-chart", {"procedures": f"{PROCEDURE} epidural-steroid-injection"})
    page.wait_for_selector(".kb-embed svg.chart")
    take_screenshot(page, "editor")
    return publish(page, "Our treatments")


def check_post(page: Page, post: str) -> None:
    page.goto(post)
    embeds = page.locator(".kb-embed")
    expect(embeds.count() == 3, "the post has three cards")
    texts = [embeds.nth(n).inner_text() for n in range(3)]
    expect("Serious harms" in texts[0] and "Serious harms" in texts[2], "a procedure and a chart say the serious harms")
    expect(
        "What treats it" in texts[1] and "Care without a procedure" in texts[1],
        "the options say care without a procedure",
    )
    for text in ("Emergency", "procedure-kb contributors, CC BY 4.0", "Release "):
        expect(all(text in embeds.nth(n).text_content() for n in range(3)), f"each card has {text!r}")
    expect(embeds.nth(0).locator("h2.title").count() == 1, "the first heading of a card has the second level")
    expect(
        page.locator('.kb-embed a[href="tel:+15550100"]').count() == 3,
        "each card has the telephone number of the clinic",
    )
    expect("(not offered at this clinic)" in texts[1], "a procedure that the clinic does not offer stays, marked")
    own_page = f"https://clinic.example/treatments/{OFFERED}"
    expect(
        embeds.nth(1).locator(f'a[href="{own_page}"]').count() == 1,
        "an offered procedure leads to the page of the clinic",
    )
    ids = page.eval_on_selector_all("[id]", "(nodes) => nodes.map((node) => node.id)")
    expect(len(ids) == len(set(ids)), "no id is there twice")
    relative = page.eval_on_selector_all(".kb-embed a", "(nodes) => nodes.map((node) => node.getAttribute('href'))")
    expect(all(url.startswith(("http", "#kb-", "tel:")) for url in relative), "every link is absolute")
    notices = page.locator(".kb-embed .foot .once")
    expect([notices.nth(n).is_visible() for n in range(3)] == [True, False, False], "the notice is seen once")


def load_axe(directory: Path) -> str:
    """Source of axe-core, in the version of the browser tests."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "tests/browser" / name, directory)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=directory, check=True, capture_output=True, timeout=120)
    return (directory / "node_modules/axe-core/axe.min.js").read_text()


def check_accessible(page: Page, axe: str) -> None:
    page.evaluate(axe)
    page.evaluate("document.querySelectorAll('.kb-embed details').forEach((details) => details.open = true)")
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    # The theme around the cards is not ours.
    report = page.evaluate("(rules) => axe.run({ include: [['.kb-embed']] }, { runOnly: rules })", rules)
    violations = [f"{violation['id']}: {violation['nodes'][0]['target']}" for violation in report["violations"]]
    expect(report["passes"] and not violations, f"axe finds nothing in the cards {violations or ''}")


def check_attack(page: Page, site: str) -> None:
    """Attributes of someone who may write any HTML are text all the same."""
    open_editor(page, site)
    attributes = dict.fromkeys(["phone", "offered", "sections", "theme", "variant", "booking_url"], ATTACK)
    insert_block(page, "procedure", attributes | {"slug": PROCEDURE, "sections": ""})
    insert_block(page, "procedure", {"slug": PROCEDURE + ATTACK})
    insert_block(
        page, "search", {"booking_url": "javascript:window.attacked=1", "phone": '" onclick="window.attacked=1'}
    )
    shortcode = (
        f"[kb_options condition=lumbar-radiculopathy phone='{ATTACK}' booking_url='javascript:window.attacked=1']"
    )
    insert_shortcode = (
        "(text) => wp.data.dispatch('core/block-editor').insertBlock(wp.blocks.createBlock('core/shortcode', { text }))"
    )
    page.evaluate(insert_shortcode, shortcode)
    page.goto(publish(page, "Attack"))
    expect(page.locator(".kb-embed").count() == 3, "blocks and shortcode show their cards")
    expect(page.locator(".kb-link").count() == 1, "an unknown name is a link")
    expect(page.evaluate("() => window.attacked") is None, "no script of an attribute runs")
    found = page.locator(
        ".kb-embed img, .kb-embed script, .kb-embed [onclick], .kb-embed [onerror], a[href^='javascript:']"
    )
    expect(found.count() == 0, "no attribute becomes an element or a script")
    expect(page.get_by_text("Book an appointment").count() == 0, "a booking page that is no URL is left out")
    expect("<script>" in page.locator(".kb-embed").first.inner_text(), "an attribute is text")


def check_settings(page: Page, site: str) -> None:
    """The settings page keeps what is valid and drops what is not."""
    page.goto(f"{site}/wp-admin/options-general.php?page=procedure_kb")
    expect(page.input_value("#procedure-kb-phone") == "+1 555 0100", "the settings page shows the settings")
    page.fill("#procedure-kb-link_template", "javascript:alert(1)")
    page.fill("#procedure-kb-booking_url", "https://clinic.example/book?a=1&b=2")
    page.click("#submit")
    page.wait_for_selector("#setting-error-settings_updated")
    saved = [page.input_value(f"#procedure-kb-{name}") for name in ("link_template", "booking_url")]
    expect(saved == ["", "https://clinic.example/book?a=1&b=2"], "a link template that is no URL is dropped")


def check_away(page: Page, post: str, change_copies: Callable[[str], None]) -> None:
    """The knowledge base is stopped: a fresh copy, a copy of before, then a link."""
    page.goto(post)
    expect(page.locator(".kb-embed").count() == 3, "without the knowledge base the post shows its cards")
    change_copies("age")
    page.goto(post)
    expect(page.locator(".kb-embed .stale").count() == 3, "an older copy says its date")
    expect("Serious harms" in page.locator(".kb-embed").first.inner_text(), "an older copy has the harms")
    take_screenshot(page, "stale")
    change_copies("remove")
    page.goto(post)
    expect(page.locator(".kb-embed").count() == 0, "without a copy there is no card")
    expect(page.locator(".kb-link a").count() == 3, "without a copy there are links")
    take_screenshot(page, "away")


def open_page(browser: Browser, width: int = 1280) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    return page


def check_published(browser: Browser, site: str, server: str, axe: str) -> str:
    """Walk while the knowledge base is there; returns the URL of the Author's post."""
    author = open_page(browser)
    log_in(author, site, "author")
    post = write_post(author, site)
    for width in (1280, 360):
        visitor = open_page(browser, width)
        check_post(visitor, post)
        loaded = visitor.evaluate("() => performance.getEntriesByType('resource').map((entry) => entry.name)")
        expect(not any(url.startswith(server) for url in loaded), "a visitor loads nothing from the knowledge base")
        scrolls = "(nodes) => nodes.filter((node) => node.scrollHeight > node.clientHeight + 1).length"
        expect(visitor.eval_on_selector_all(".kb-embed .content", scrolls) == 0, "no harm is scrolled out of sight")
        overflow = visitor.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        expect(overflow <= 0, f"nothing is wider than {width} pixels")
        take_screenshot(visitor, f"post-{width}")
        check_accessible(visitor, axe)
    admin = open_page(browser)
    log_in(admin, site, "admin")
    check_attack(admin, site)
    take_screenshot(admin, "attack")
    check_settings(admin, site)
    take_screenshot(admin, "settings")
    return post


def main() -> None:
    flags = "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update".split()
    with (
        tempfile.TemporaryDirectory() as name,
        run_mariadb(Path(name)) as socket,
        sync_playwright() as playwright,
    ):
        directory = Path(name)
        axe = load_axe(directory)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        with ExitStack() as running:
            server, _log = running.enter_context(live.serve(str(directory / "kb.sqlite3"), directory))
            with run_wordpress(directory, socket, server) as (site, environment):
                post = check_published(browser, site, server, axe)
                running.close()

                def change_copies(action: str) -> None:
                    command = ["php", str(HERE / "age.php"), str(directory / "site"), action]
                    subprocess.run(command, env=os.environ | environment, check=True)

                check_away(open_page(browser), post, change_copies)
        browser.close()
        log = directory / "debug.log"
        complaints = [line for line in log.read_text().splitlines() if "procedure-kb" in line] if log.exists() else []
        expect(not complaints, f"PHP has no complaint about the plugin {complaints[:3] or ''}")


if __name__ == "__main__":
    main()
