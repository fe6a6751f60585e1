"""What moto lacks: turned off by variables, or different at each look. With the reason, so that it can go when moto has it."""

# The variable `without` of each example.
PARTS = {
    "appconfig_rollout": "no environments and deployment strategies of AppConfig",
    "composite_alarms": "composite alarms are not found again",
    "costs": "no Cost Explorer, no budgets by tag",
    "edge_functions": "no functions and key-value stores of CloudFront",
    "edge_policies": "no response headers policies of CloudFront",
    "redrive_allow_policy": "the attribute is dropped",
    "resource_server": "a resource server of Cognito cannot be removed",
    "scaling": "no Application Auto Scaling that the provider finds again",
    "table_replicas": "no replicas",
    "tls_policies": "conditions of a policy are not looked at, so that it refuses everybody",
    "traces": "no groups of X-Ray",
    "trail": "a trail's event selectors are not found again",
}

# What a second plan may want to change though nothing changed: by type, the attributes that moto forgets or makes up.
FORGOTTEN = {
    "aws_api_gateway_rest_api": {"binary_media_types"},
    "aws_autoscaling_group": {"capacity_reservation_specification", "default_instance_warmup", "mixed_instances_policy"},
    "aws_autoscaling_lifecycle_hook": {"notification_target_arn", "role_arn"},
    "aws_autoscaling_policy": {"enabled", "predictive_scaling_configuration"},
    # Parts that are not there come back as parts that are empty.
    "aws_cloudfront_distribution": {"default_cache_behavior", "ordered_cache_behavior", "origin", "viewer_certificate"},
    "aws_ecs_service": {
        "availability_zone_rebalancing", "capacity_provider_strategy", "deployment_controller",
        "health_check_grace_period_seconds", "tags",
    },
    # The alias is taken for the version that it stands for.
    "aws_lambda_event_source_mapping": {"function_name"},
    "aws_lambda_function": {"logging_config"},
    "aws_launch_template": {"tag_specifications"},
    "aws_s3_bucket_replication_configuration": {"rule"},
    "aws_sagemaker_endpoint_configuration": {"data_capture_config", "kms_key_arn", "production_variants", "tags"},
    "aws_sagemaker_model": {"enable_network_isolation", "primary_container", "tags", "vpc_config"},
    # Spaces in JSON.
    "aws_sqs_queue": {"redrive_policy"},
    "aws_vpc_security_group_egress_rule": {"description"},
    "aws_vpc_security_group_ingress_rule": {"description"},
}
# Of these, the ones that are made anew for it.
REPLACED = {"aws_ecs_service", "aws_sagemaker_endpoint_configuration", "aws_sagemaker_model"}


# Beside these, by variables of their own: `guardrail` (no guardrails), `provisioned_concurrency` (none), `certificates`
# (no names of an API's own), `leave_out = ["backups"]` (a plan cannot be given its tables).


def without(*parts):
    return [part for part in PARTS if part in parts]


def unexpected(changes):
    """Of the changes of a second plan, those that nothing here explains."""
    found = []
    for address, kind, action, differs in changes:
        wanted = action == "update" or kind in REPLACED and action in {"delete/create", "create/delete"}
        if not wanted or not differs <= FORGOTTEN.get(kind, set()):
            found.append(f"{address}: {action} {sorted(differs)}")
    return found
