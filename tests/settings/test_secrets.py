"""Secrets in files of their own."""

import pytest

from ccd.errors import ConfigurationError
from ccd.settings.secrets import pbx_secret, store_url
from ccd.settings.tree import Pbx, Redis, Sql


def test_a_secret_is_the_files_content_without_the_end_of_the_line(tmp_path):
    file = tmp_path / "secret"
    file.write_text(" pa ss \n")
    assert pbx_secret(Pbx(name="one", host="h", secret_file=file)) == " pa ss "
    assert pbx_secret(Pbx.model_validate({"name": "one", "host": "h", "secret": "here"})) == "here"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://ccd@db:5432/ccd", "postgresql://ccd:p%40%2Fss@db:5432/ccd"),
        ("postgresql://ccd:old@db/ccd", "postgresql://ccd:p%40%2Fss@db/ccd"),
        ("rediss://db:6379/2", "rediss://:p%40%2Fss@db:6379/2"),
    ],
)
def test_a_password_from_a_file_is_put_into_the_address(tmp_path, url, expected):
    file = tmp_path / "password"
    file.write_text("p@/ss\n")
    store = Redis(url=url, password_file=file) if url.startswith("redis") else Sql(url=url, password_file=file)
    assert store_url(store) == expected
    assert store_url(store.model_copy(update={"password_file": None})) == url


def test_a_secret_that_is_not_there_or_empty_is_named_by_its_file(tmp_path):
    missing = Pbx(name="one", host="h", secret_file=tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match=r"nowhere: pbx.secret_file: can't be read: No such file"):
        pbx_secret(missing)
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ConfigurationError, match="is empty"):
        pbx_secret(missing.model_copy(update={"secret_file": tmp_path / "empty"}))
