"""Which line of a file a key stands on."""

from ccd.settings.lines import KeyLines, dotted, without

TEXT = """\
site = "ccd"  # a comment

[[pbx]]
name = "one"
[pbx.tls]
verify = true
[[pbx]]
name = "two"
[pbx.tls]
ca = "x"
[reasons."Auto Pause"]
max_s = 60
[http]
tls.certificate = "c"
origins = [
    "a",
]
"""


def test_a_key_is_found_on_its_line():
    lines = KeyLines(TEXT)
    places = {
        ("site",): 1,
        ("pbx", 0, "name"): 4,
        ("pbx", 1): 7,
        ("pbx", 1, "tls", "ca"): 10,
        ("reasons", "Auto Pause", "max_s"): 12,
        ("http", "tls", "certificate"): 14,
    }
    assert {keys: lines.line(keys) for keys in places} == places


def test_a_key_that_is_not_there_is_placed_at_the_nearest_table_around_it():
    lines = KeyLines(TEXT)
    assert lines.line(("pbx", 0, "tls", "ca")) == 5
    assert lines.line(("http", "origins", 0)) == 15
    assert lines.line(("pbx", 7, "name")) is None


def test_keys_are_written_as_people_write_them():
    assert dotted(("pbx", 0, "tls", "ca")) == "pbx[0].tls.ca"
    assert dotted(("queues", "", "wrap_up_s")) == 'queues."".wrap_up_s'
    assert dotted(("queues", "a.b c", "counts")) == 'queues."a.b c".counts'


def test_what_is_taken_out_leaves_the_rest_and_the_data_itself_as_it_was():
    data = {"pbx": [{"name": "one"}, {"name": "two", "port": 1}], "site": "x"}
    assert without(data, ("pbx", 1, "port")) == {"pbx": [{"name": "one"}, {"name": "two"}], "site": "x"}
    assert without(data, ("pbx", 0)) == {"pbx": [{"name": "two", "port": 1}], "site": "x"}
    assert without(data, ("pbx", 5)) == without(data, ("nothing", "there")) == data
    assert data["site"] == "x"
    assert len(data["pbx"]) == 2
