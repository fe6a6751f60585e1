"""Every example, by the scripts that `make` runs: deployed, planned again, looked at, destroyed."""

import json
import os
import pathlib
import subprocess

import pytest
from calls import CALLS
from lacks import unexpected, without

AWS = pathlib.Path(__file__).parents[2]
CHOSEN = os.environ.get("EXAMPLES", "serverless containers instances classification dev-prod multi-region").split()
OWNER = {"Owner": "tests@example.com", "Project": "busbar"}


def chosen(name):
    """Leaves a test out of the run (not skipped: not there) where EXAMPLES names others."""
    return lambda test: test if name in CHOSEN else None


def test_everything_is_formatted():
    done = subprocess.run(["terraform", "fmt", "-check", "-recursive", str(AWS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("root", ["bootstrap", *(f"examples/{name}" for name in CHOSEN)])
def test_every_root_is_valid(root, tree, tmp_path):
    environment = {**os.environ, "TF_DATA_DIR": str(tmp_path)}
    for words in [["init", "-backend=false", "-input=false"], ["validate"]]:
        done = subprocess.run(
            ["terraform", f"-chdir={tree / 'deploy/aws' / root}", *words], capture_output=True, text=True, env=environment, timeout=300
        )
        assert done.returncode == 0, done.stderr


def deployed(deployment):
    """Deploys, and sees that a second plan wants nothing that is not explained."""
    deployment.script("deploy", "all")
    found = unexpected(deployment.changes())
    assert not found, "\n".join(found)
    return {name: value["value"] for name, value in json.loads(deployment.terraform("output", "-json")).items()}


def destroyed(deployment):
    deployment.script("clean")
    assert deployment.state() == []


@chosen("serverless")
def test_serverless(deploy):
    parts = ["appconfig_rollout", "composite_alarms", "costs", "edge_functions", "edge_policies", "redrive_allow_policy",
             "resource_server", "table_replicas", "tls_policies", "traces", "trail"]
    it = deploy("serverless", "dev", without=without(*parts), api_keys={"somebody": "trial"}, month_usd=10)
    made = deployed(it)

    # One artefact, five duties, each with a role of its own.
    functions = it.client("lambda").list_functions()["Functions"]
    names = {f"busbar-dev-{duty}" for duty in ["sync-api", "stream-sse", "realtime-ws", "worker", "sweep"]}
    assert {function["FunctionName"] for function in functions} == names
    assert {tuple(function["Architectures"]) for function in functions} == {("arm64",)}
    assert {function["Runtime"] for function in functions} == {"provided.al2023"}
    assert len({function["Role"] for function in functions}) == 5
    url = it.client("lambda").get_function_url_config(FunctionName="busbar-dev-stream-sse", Qualifier="live")
    assert url["InvokeMode"] == "RESPONSE_STREAM" and url["AuthType"] == "AWS_IAM"

    # What fails again and again ends in the dead letters' queue.
    sqs = it.client("sqs")
    queue = made["data"]["queues"]["jobs-image"]
    redrive = json.loads(sqs.get_queue_attributes(QueueUrl=queue["url"], AttributeNames=["All"])["Attributes"]["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"] == queue["dead_arn"]
    mappings = it.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert {mapping["EventSourceArn"].split(":")[-1] for mapping in mappings} == {"busbar-dev-jobs-image", "busbar-dev-jobs-endpoint", "busbar-dev-webhooks"}

    # Everything that can be is tagged, encrypted, versioned.
    dynamodb = it.client("dynamodb")
    table = dynamodb.describe_table(TableName="busbar-dev")["Table"]
    assert table["SSEDescription"]["SSEType"] == "KMS"
    tags = {tag["Key"]: tag["Value"] for tag in dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]}
    assert OWNER.items() <= tags.items() and tags["Environment"] == "dev"
    s3 = it.client("s3")
    for bucket in made["data"]["buckets"].values():
        assert s3.get_bucket_versioning(Bucket=bucket["name"])["Status"] == "Enabled"
        assert all(s3.get_public_access_block(Bucket=bucket["name"])["PublicAccessBlockConfiguration"].values())

    # The page knows its APIs, and browsers ask again for what may change.
    site = next(b["Name"] for b in s3.list_buckets()["Buckets"] if b["Name"].startswith("busbar-dev-site"))
    config = s3.get_object(Bucket=site, Key="config.js")
    assert '"client":' in config["Body"].read().decode() and config["CacheControl"] == "no-cache"
    assert "immutable" in s3.get_object(Bucket=site, Key="assets/index-1a2b.js")["CacheControl"]

    rights_are_few(made["policies"])
    a_new_version_and_back(it)
    destroyed(it)


def rights_are_few(policies):
    """Each duty may make the calls that docs/aws.md says it makes, and no other; everything has a name where AWS knows one."""
    for duty, policy in policies.items():
        may = set()
        for statement in json.loads(policy)["Statement"]:
            actions, resources = ([one] if isinstance(one, str) else one for one in (statement["Action"], statement["Resource"]))
            may |= set(actions)
            assert not [action for action in actions if "*" in action], (duty, statement)
            if "*" in resources:
                assert {action.split(":")[0] for action in actions} == {"xray"}, (duty, statement)
        assert may == set(CALLS["all"]) | set(CALLS[duty]), duty


def a_new_version_and_back(it):
    """One part alone gets a new version; a rollback gives the calls back to the one before."""
    live = lambda duty: it.client("lambda").get_alias(FunctionName=f"busbar-dev-{duty}", Name="live")["FunctionVersion"]
    assert live("stream-sse") == "1"
    it.artefact("#!/bin/sh\nexit 0\n")
    it.script("deploy", "stream-sse")
    assert (live("stream-sse"), live("sync-api")) == ("2", "1")
    it.script("rollback", TO='{"stream-sse":"1","sync-api":"1","realtime-ws":"1","worker":"1","sweep":"1"}')
    assert live("stream-sse") == "1"


@chosen("containers")
def test_containers(deploy):
    it = deploy("containers", "cont", without=without("composite_alarms", "costs", "scaling", "traces"), **{"from": ["203.0.113.0/24"]})
    deployed(it)
    task = it.client("ecs").describe_task_definition(taskDefinition="busbar-cont")["taskDefinition"]
    program = next(container for container in task["containerDefinitions"] if container["name"] == "busbar")
    assert program["readonlyRootFilesystem"] and program["user"] == "65532:65532"
    assert task["runtimePlatform"]["cpuArchitecture"] == "ARM64"
    destroyed(it)


@chosen("instances")
def test_instances(deploy, tree):
    it = deploy(
        "instances", "inst", without=without("composite_alarms", "costs", "tls_policies", "traces"), program=str(tree / "lambda.zip"), wait="0",
        **{"from": ["203.0.113.0/24"]},
    )
    deployed(it)
    scaling = it.client("autoscaling")
    group = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["busbar-inst"])["AutoScalingGroups"][0]
    assert (group["MinSize"], group["MaxSize"]) == (2, 20)
    policy = scaling.describe_policies(AutoScalingGroupName="busbar-inst")["ScalingPolicies"][0]
    assert policy["TargetTrackingConfiguration"]["TargetValue"] == 80
    template = it.client("ec2").describe_launch_template_versions(LaunchTemplateName="busbar-inst", Versions=["$Latest"])
    assert template["LaunchTemplateVersions"][0]["LaunchTemplateData"]["MetadataOptions"]["HttpTokens"] == "required"
    destroyed(it)


@chosen("classification")
def test_classification(deploy, tree):
    it = deploy(
        "classification", "class", without=without("composite_alarms", "costs", "tls_policies", "traces", "edge_functions", "edge_policies"),
        model=str(tree / "lambda.zip"), image="123456789012.dkr.ecr.us-east-1.amazonaws.com/busbar:1",
    )
    deployed(it)
    sagemaker = it.client("sagemaker")
    endpoint = sagemaker.describe_endpoint(EndpointName="busbar-class-mobilenet")
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    assert config["ProductionVariants"][0]["ServerlessConfig"]["MemorySizeInMB"] == 2048
    destroyed(it)


@chosen("dev-prod")
def test_dev_prod(deploy):
    parts = ["appconfig_rollout", "composite_alarms", "costs", "edge_functions", "edge_policies", "redrive_allow_policy",
             "resource_server", "table_replicas", "tls_policies", "traces", "trail"]
    it = deploy("dev-prod", "dev", without=without(*parts), account="123456789012", guardrail=None, artefact={"file": "../../../../lambda.zip"})
    deployed(it)
    other = deploy("dev-prod", "dev", without=without(*parts), account="210987654321", guardrail=None, artefact={"file": "../../../../lambda.zip"})
    refused = other.run("plan")
    assert refused.returncode != 0 and "not allowed" in refused.stderr
    it.vars.write_text(json.dumps({"max_retries": 2, "without": without(*parts), "account": "123456789012", "guardrail": None, "artefact": {"file": "../../../../lambda.zip"}}))
    destroyed(it)


@chosen("multi-region")
def test_multi_region(deploy):
    parts = ["appconfig_rollout", "composite_alarms", "costs", "edge_functions", "edge_policies", "redrive_allow_policy",
             "resource_server", "table_replicas", "tls_policies", "traces", "trail"]
    it = deploy("multi-region", "mr")
    zone = it.client("route53").create_hosted_zone(Name="example.com", CallerReference="tests")["HostedZone"]["Id"].split("/")[-1]
    it.vars.write_text(json.dumps({"max_retries": 2, "without": without(*parts), "leave_out": ["backups"], "zone_id": zone, "host": "api.example.com"}))
    made = deployed(it)
    records = it.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert {record.get("Failover") for record in records if record["Type"] == "A"} == {"PRIMARY", "SECONDARY"}
    assert set(made["health_checks"]) == {"primary", "secondary"}
    assert it.client("lambda", "us-west-2").list_functions()["Functions"]
    destroyed(it)
