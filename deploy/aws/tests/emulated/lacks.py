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

# What a second plan may want to change though nothing changed: type, and the attributes that moto forgets.
FORGOTTEN = {}


def without(*parts):
    return [part for part in PARTS if part in parts]


def unexpected(changes):
    """Of the changes of a second plan, those that nothing here explains."""
    found = []
    for address, kind, action, differs in changes:
        if action != "update" or not differs <= FORGOTTEN.get(kind, set()):
            found.append(f"{address}: {action} {sorted(differs)}")
    return found
