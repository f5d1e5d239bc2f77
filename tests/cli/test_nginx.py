"""`guildhall nginx`: the site from the settings; what does not fit a proxy is refused with its cure."""

from pathlib import Path

import pytest

from tests.cli.test_commands import guildhall

FITTING = {"BASE_URL": "https://learn.example.org", "TRUSTED_PROXIES": "1"}


def test_the_site_names_the_host_and_the_web_process_of_the_settings(tmp_path: Path) -> None:
    done = guildhall(tmp_path, "nginx", "--output", str(tmp_path / "site"), PORT="8123", **FITTING)
    assert done.returncode == 0, done.stderr
    site = (tmp_path / "site" / "guildhall.conf").read_text()
    assert "server_name learn.example.org *.learn.example.org;" in site
    assert site.count("server 127.0.0.1:8123;") == 2


@pytest.mark.parametrize(
    ("setting", "cure"),
    [
        ({"BASE_URL": "http://learn.example.org"}, "set the https:// address that people type."),
        ({"TRUSTED_PROXIES": "0"}, "behind nginx, which names each sender, set it to 1."),
        ({"TRUSTED_PROXIES": "2"}, "behind nginx, which names each sender, set it to 1."),
    ],
)
def test_settings_that_do_not_fit_a_proxy_are_named(tmp_path: Path, setting: dict[str, str], cure: str) -> None:
    done = guildhall(tmp_path, "nginx", "--output", str(tmp_path), **(FITTING | setting))
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith(cure)
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = guildhall(tmp_path, "nginx", "--output", str(tmp_path / "file" / "site"), **FITTING)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("name another folder with --output.")
