"""What the docs say against what the sources say: metrics, configuration keys, commands, exit codes, links."""
import posixpath
import re

METRIC_MADE = re.compile(r"\b(?P<fact>counter|gauge|histogram)\(\s*\"(?P<name>bl_[a-z0-9_]+)\"")
CONFIG_KEY = re.compile(r"\{\s*(?:\.name\s*=\s*)?\"(?P<name>[a-z]+\.[a-z0-9_]+)\",\s*(?:\.type\s*=\s*)?"
                        r"(?:ConfigType::)?(?:text|integer|boolean|duration_ms|bytes)\b"
                        r"(?:,\s*\"(?P<fact>[^\"]*)\")?")
COMMAND = re.compile(r"\.path\s*=\s*\"(?P<name>[a-z][a-z -]*)\"(?P<fact>)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def check(tree):
    """Yields (path, line, what)."""
    yield from compare(tree, "docs/metrics.md", METRIC_MADE, table_names(r"bl_[a-z0-9_]+"), "metric")
    yield from compare(tree, "docs/configuration.md", CONFIG_KEY, table_names(r"[a-z]+\.[a-z0-9_]+"), "setting")
    yield from compare(tree, "docs/commands.md", COMMAND, table_names(r"(?:[a-z][a-z-]*)(?: [a-z-]+)*"), "command")
    yield from broken_links(tree)


def table_names(name):
    """Rows of a table whose first cell is one name in code type; the second is a fact of it."""
    return re.compile(rf"^\| `(?P<name>{name})`[^|\n]*(?:\| (?P<fact>[^|\n]*))?", re.MULTILINE)


def compare(tree, page, in_source, in_page, kind):
    """Both list the same names, and where the source says a metric's type or a setting's default, so does the page."""
    said = {}
    for path, text in tree.files.items():
        if path.startswith("src/") and path.endswith((".cc", ".h")) and "/tests/" not in path and \
                "/testing/" not in path:
            for match in in_source.finditer(text):
                place = path, text.count("\n", 0, match.start()) + 1
                said.setdefault(match["name"], (place, match["fact"]))
    if page not in tree.files:
        if said:
            yield page, 1, f"the page is missing, but the sources have a {kind}: {sorted(said)[0]}"
        return
    page_text = tree.files[page]
    written = {match["name"]: (page_text.count("\n", 0, match.start()) + 1, match["fact"] or "")
               for match in in_page.finditer(page_text)}
    for name in sorted(said.keys() - written.keys()):
        yield (*said[name][0], f"{kind} that {page} does not list: {name}")
    for name in sorted(written.keys() - said.keys()):
        yield page, written[name][0], f"{kind} that the sources do not have: {name}"
    for name in sorted(written.keys() & said.keys()):
        fact, (line, cell) = said[name][1], written[name]
        if fact and fact not in cell.replace("`", "").split():
            yield page, line, f"{kind} {name}: the sources say {fact}, the page says {cell.strip()}"


def broken_links(tree):
    folders = {posixpath.dirname(path) for path in tree.files}
    folders |= {posixpath.dirname(folder) for folder in folders}
    for path, lines in tree.lines.items():
        if not path.endswith(".md"):
            continue
        for number, line in enumerate(lines, 1):
            for target in LINK.findall(line):
                if re.match(r"[a-z]+:|#", target) or target.endswith(".png"):
                    continue
                place = posixpath.normpath(posixpath.join(posixpath.dirname(path), target.split("#")[0]))
                if place not in tree.files and place not in folders:
                    yield path, number, f"the link leads nowhere: {target}"
