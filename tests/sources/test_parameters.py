"""A configuration in the Parameter Store: as one document, and setting by setting."""

from places import Busbar, eventually


def put(aws, name, value, kind="String"):
    aws.client("ssm").put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)


def test_a_document_is_looked_at_again_and_again(aws, host, tmp_path):
    put(aws, "/busbar/one", host.provider("one"))
    with Busbar(tmp_path, kind="ssm", parameters="/busbar/one", endpoint=aws.url, interval="1s") as busbar:
        assert busbar.ask() == "one"
        put(aws, "/busbar/one", host.provider("two"))
        eventually(lambda: busbar.ask() == "two", "two answers")
        put(aws, "/busbar/one", "this is no document")
        eventually(lambda: busbar.count("busbar_config_refused_total") == 1, "it is refused")
        assert busbar.ask() == "two"
        assert "(version 2)" in busbar.config("history").stdout
        assert busbar.config("rollback", "1").returncode == 0
        assert busbar.ask() == "one"


def test_a_version_of_a_document_stays_what_it_is(aws, host, tmp_path):
    put(aws, "/busbar/pinned", host.provider("first"))
    put(aws, "/busbar/pinned", host.provider("second"))
    with Busbar(tmp_path, kind="ssm", parameters="/busbar/pinned:1", endpoint=aws.url) as busbar:
        assert busbar.ask() == "first"


def test_many_parameters_make_one_configuration(aws, host, tmp_path):
    put(aws, "/busbar/many/10-providers", host.provider("base", 'api_key = "sk-very-secret"'), "SecureString")
    put(aws, "/busbar/many/20-models", '[[providers]]\nname = "far"\nmodels = [{ id = "m", upstream = "over" }]')
    put(aws, "/busbar/many/server/request_timeout", "77s")
    # More than fit on a page.
    for number in range(12):
        put(aws, f"/busbar/many/30-nothing-{number:02}", "[models]\n")
    with Busbar(tmp_path, kind="ssm", parameters="/busbar/many/", endpoint=aws.url, interval="1s") as busbar:
        assert busbar.ask() == "over"
        assert host.keys[-1] == "Bearer sk-very-secret"
        assert 'request_timeout = "77s"' in busbar.config("show").stdout
        put(aws, "/busbar/many/models/aliases", "other=m")
        eventually(lambda: busbar.count("busbar_config_taken_total") == 2, "it is taken up")
        put(aws, "/busbar/many/models/nonsense", "1")
        eventually(lambda: busbar.count("busbar_config_refused_total") == 1, "it is refused")
        assert "ssm /busbar/many/models/nonsense" in busbar.config("history").stdout
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"very-secret" not in file.read_bytes(), file
