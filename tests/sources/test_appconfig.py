"""A configuration in AWS AppConfig: deployed, changed, wrong, and out of reach."""

import pytest

from places import Busbar, Emulator, eventually


class Deployed:
    """An application with an environment and a profile, whose versions go out at once."""

    def __init__(self, aws, name, environment="prod"):
        self.client = client = aws.client("appconfig")
        self.application = client.create_application(Name=name)["Id"]
        self.environment = client.create_environment(ApplicationId=self.application, Name=environment)["Id"]
        profile = client.create_configuration_profile(
            ApplicationId=self.application, Name="routing", LocationUri="hosted", Type="AWS.Freeform"
        )
        self.profile = profile["Id"]
        self.at_once = client.create_deployment_strategy(
            Name=f"{name}-at-once",
            DeploymentDurationInMinutes=0,
            GrowthFactor=100,
            ReplicateTo="NONE",
            FinalBakeTimeInMinutes=0,
        )["Id"]
        self.source = {
            "kind": "appconfig",
            "application": name,
            "environment": environment,
            "profile": "routing",
            "endpoint": aws.url,
            "interval": "15s",
        }

    def deploy(self, document, content_type="application/toml"):
        version = self.client.create_hosted_configuration_version(
            ApplicationId=self.application,
            ConfigurationProfileId=self.profile,
            Content=document.encode(),
            ContentType=content_type,
        )["VersionNumber"]
        self.client.start_deployment(
            ApplicationId=self.application,
            EnvironmentId=self.environment,
            ConfigurationProfileId=self.profile,
            DeploymentStrategyId=self.at_once,
            ConfigurationVersion=str(version),
        )


def test_what_is_deployed_serves_and_a_wrong_version_changes_nothing(aws, host, tmp_path):
    deployed = Deployed(aws, "changing")
    deployed.deploy(host.provider("one"))
    with Busbar(tmp_path, **deployed.source) as busbar:
        assert busbar.ask() == "one"
        deployed.deploy(host.provider("two"))
        busbar.look_again()
        eventually(lambda: busbar.ask() == "two", "two answers")
        deployed.deploy(host.provider("three") + "[server]\nbody_limit = 'much'\n")
        busbar.look_again()
        eventually(lambda: busbar.count("busbar_config_refused_total") == 1, "it is refused")
        assert busbar.ask() == "two"
        told = busbar.config("history").stdout
        assert "server.body_limit" in told and "appconfig changing/prod/routing" in told


def test_a_change_is_found_without_being_told(aws, host, tmp_path):
    deployed = Deployed(aws, "polled")
    deployed.deploy(host.provider("one"))
    with Busbar(tmp_path, **deployed.source) as busbar:
        deployed.deploy(host.provider("two"))
        eventually(lambda: busbar.ask() == "two", "two answers, after the interval that the service names")


def test_json_and_the_tables_of_its_environment_count(aws, host, tmp_path):
    deployed = Deployed(aws, "json", environment="dev")
    deployed.deploy(
        '{"providers": [{"name": "far", "kind": "openai-compatible", "endpoint": "%s",'
        ' "models": [{"id": "m", "upstream": "base"}]}],'
        ' "environments": {"dev": {"providers": [{"name": "far", "models": [{"id": "m", "upstream": "dev"}]}]}}}'
        % host.url,
        "application/json",
    )
    with Busbar(tmp_path, **deployed.source) as busbar:
        assert busbar.ask() == "dev"
        shown = busbar.config("show", "--changed").stdout
        assert "$BUSBAR_SOURCE__KIND" in shown


def test_the_last_good_version_serves_while_the_service_is_out_of_reach(host, tmp_path):
    with Emulator() as aws:
        deployed = Deployed(aws, "lost")
        deployed.deploy(host.provider("kept"))
        with Busbar(tmp_path, **deployed.source) as busbar:
            assert busbar.ask() == "kept"
            aws.stop()
            busbar.look_again()
            eventually(lambda: "cannot be had" in busbar.log(), "it is told")
            assert busbar.ask() == "kept"
        with Busbar(tmp_path, **deployed.source) as busbar:
            assert busbar.ask() == "kept"


def test_what_was_never_deployed_stops_the_start_and_says_why(aws, tmp_path):
    deployed = Deployed(aws, "empty")
    busbar = Busbar(tmp_path, **deployed.source)
    with pytest.raises(AssertionError, match="appconfig empty/prod/routing"), busbar:
        pass
    told = Busbar(tmp_path, kind="appconfig", endpoint=aws.url).config("check")
    assert told.returncode == 2
    for field in ("source.application", "source.environment", "source.profile"):
        assert field in told.stderr
