"""Prints what AWS makes of template.yaml: the template after the Serverless transform.

Uses the very library that CloudFormation runs, without an AWS account: `checkov` looks at the roles,
permissions and mappings that the transform adds, and not only at what is written by hand.
"""

import json
import sys
from unittest.mock import Mock, patch

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

# The transform asks the session for nothing but its region.
SESSION = Mock(region_name="eu-central-1")

# Names of managed policies that only IAM could resolve; every policy here is written out instead.
NO_POLICIES = Mock(spec=ManagedPolicyLoader, load=lambda: {})


def local_code(template):
    """Points the functions' code at a place in S3, as `sam package` would: the transform takes no folder."""
    template["Globals"]["Function"]["CodeUri"] = "s3://packaged/code.zip"
    return template


def main(path):
    with open(path, encoding="utf-8") as file:
        template = local_code(yaml_parse(file.read()))
    with patch("boto3.session.Session.region_name", "eu-central-1"):
        print(json.dumps(transform(template, {}, NO_POLICIES), indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
