"""Asks AWS who it is, once for each line it reads, with one client all the time: a program that runs for long."""
import json
import sys

import boto3

client = boto3.client("sts")
for _ in sys.stdin:
    try:
        identity = client.get_caller_identity()
        key = client._request_signer._credentials.get_frozen_credentials().access_key
        said = {"account": identity["Account"], "arn": identity["Arn"], "key": key}
    except Exception as error:  # noqa: BLE001
        said = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(said), flush=True)
