"""Places of a configuration in one word, as Terraform hands them to functions and containers."""

from places import Busbar, eventually
from test_appconfig import Deployed
from test_parameters import put


def named(folder, word, aws, **source):
    busbar = Busbar(folder, endpoint=aws.url, **source)
    busbar.surroundings["BUSBAR_CONFIG"] = word
    return busbar


def test_a_parameter_in_one_word(aws, host, tmp_path):
    # What lies where the program is started does not count beside it.
    (tmp_path / "busbar.toml").write_text("nonsense", encoding="utf-8")
    put(aws, "/busbar/word", host.provider("one"))
    with named(tmp_path, "ssm:/busbar/word", aws, interval="1s") as busbar:
        assert busbar.ask() == "one"
        put(aws, "/busbar/word", host.provider("two"))
        eventually(lambda: busbar.ask() == "two", "two answers")
        assert "$BUSBAR_CONFIG" in busbar.config("show", "--changed").stdout


def test_appconfig_in_one_word_by_its_ids(aws, host, tmp_path):
    deployed = Deployed(aws, "word")
    deployed.deploy(host.provider("base") + '[[environments.prod.providers]]\nname = "far"\nmodels = []\n')
    word = f"appconfig:{deployed.application}/{deployed.environment}/{deployed.profile}"
    # The id of an environment there chooses no tables here.
    with named(tmp_path, word, aws) as busbar:
        assert busbar.ask() == "base"
