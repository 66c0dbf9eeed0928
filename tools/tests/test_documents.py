"""Pages agree with the tree: links lead somewhere, indexes are whole, tables are those of the code."""

import re
import subprocess
from pathlib import Path

import pytest

READS = ["*"]

ROOT = Path(__file__).resolve().parents[2]
PAGES = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


def test_every_page_is_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in PAGES:
        if re.fullmatch(r"docs/[^/]+\.md", page):
            assert f"({page})" in readme, f"README.md does not link to {page}"


def test_every_decision_is_in_the_index_with_its_title():
    index = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(\d+)\]\((\d+[\w-]+\.md)\) \| (.+) \|$", index, re.MULTILINE)
    pages = sorted(path for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    wanted = []
    for path in pages:
        number, title = re.match(r"# (\d+)\. (.+)", path.read_text(encoding="utf-8")).groups()
        wanted.append((f"{int(number):04}", path.name, title))
    assert listed == wanted


def test_the_notice_names_what_third_parties_bring():
    """Every fetched package, and every library of Debian that something is compiled against."""
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    fetched = [line.split()[1] for line in lines_of("third_party/packages.txt")]
    libraries = [re.match(r"[a-z]+", name)[0] for name in map(first_word, lines_of("third_party/debian.txt")) if name.endswith("-dev")]
    assert len(fetched) >= 5 and len(libraries) >= 15
    assert [name for name in fetched + libraries if not re.search(rf"\b{name}", notice, re.IGNORECASE)] == []


def lines_of(name):
    return [line for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def first_word(line):
    return line.split()[0]


def test_the_tables_of_codes_are_those_of_the_code():
    """The switch in core/http/routing/error_body.cc, and the pages that repeat it."""
    source = (ROOT / "src/core/http/routing/error_body.cc").read_text(encoding="utf-8")
    switch, titles = source.split("ErrorTitle(int http_status) {")[:2]
    statuses = {}
    for cases, status in re.findall(r"((?:case absl::StatusCode::k\w+:\s*)+)return (\d+);", switch):
        for name in re.findall(r"k(\w+):", cases):
            statuses[re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()] = int(status)
    titles = {int(status): title for status, title in re.findall(r'case (\d+):\s*return "([^"]+)"', titles)}
    documented = codes_in("docs/errors.md")
    for code, (status, rest) in documented.items():
        assert status == statuses.get(code, 500), code
        assert f"`{titles[status]}`" in rest or code == "INVALID_ARGUMENT" and "`Invalid input format`" in rest, code
    assert statuses.keys() - {"OK"} <= documented.keys()
    for code, (status, _) in codes_in("docs/other-languages.md").items():
        assert status == statuses.get(code, 500), code


def test_the_refusals_of_the_edge_are_documented():
    """Every status that the parser of HTTP gives, and those of the router."""
    page = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    table = page.split("| HTTP | when |")[1].split("\n\n")[0]
    documented = set(re.findall(r"\b\d{3}\b", " ".join(row.split("|")[1] for row in table.splitlines() if row.startswith("|"))))
    parser = (ROOT / "src/core/http/h1/h1_parser.cc").read_text(encoding="utf-8")
    given = set(re.findall(r"Fail\(\s*(\d{3}),", parser))
    assert len(given) >= 7
    assert given | {"404", "405", "406", "408", "415", "503"} == documented


def codes_in(page):
    """Code -> (HTTP status, the row) in the table of the page that begins with codes."""
    found = {}
    for row in (ROOT / page).read_text(encoding="utf-8").splitlines():
        codes = re.match(r"\| ((?:`[A-Z_]+`(?:, | / )?)+) \| ", row)
        if codes:
            cell = next((cell for cell in row.split("|")[2:] if re.match(r"\s*\d{3}\b", cell)), None)
            numbers = re.findall(r"\b\d{3}\b", cell or "")
            for i, code in enumerate(re.findall(r"[A-Z_]{2,}", codes.group(1)) if numbers else []):
                found[code] = (int(numbers[min(i, len(numbers) - 1)]), row)
    return found
