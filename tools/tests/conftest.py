import pytest


@pytest.fixture
def write(tmp_path):
    """write("a/b.txt", "text") creates a file of a small tree and returns the tree's root."""

    def write_file(path, text=""):
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return tmp_path

    return write_file
