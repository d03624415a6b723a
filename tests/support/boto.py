"""Calls AWS operations that arrive as JSON lines on stdin; answers each with one JSON line."""

import datetime
import json
import sys

import boto3
import botocore.config
import botocore.exceptions


def client(asked):
    session = boto3.session.Session(profile_name=asked.get("profile"), region_name=asked["region"])
    keys = asked.get("keys") or {}
    return session.client(
        asked["service"],
        endpoint_url=asked["endpoint"],
        aws_access_key_id=keys.get("accessKeyId"),
        aws_secret_access_key=keys.get("secretAccessKey"),
        aws_session_token=keys.get("sessionToken"),
        # One request, one answer: a repeated request would hide a refusal.
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )


def run(asked):
    target = client(asked)
    if "page_size" in asked:
        paginator = target.get_paginator(asked["operation"])
        config = {"PageSize": asked["page_size"]}
        return paginator.paginate(**asked["params"], PaginationConfig=config).build_full_result()
    answer = getattr(target, asked["operation"])(**asked["params"])
    answer.pop("ResponseMetadata", None)
    return answer


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    raise TypeError(type(value))


def main():
    print(json.dumps("ready"))
    for line in sys.stdin:
        try:
            said = {"answer": run(json.loads(line))}
        except botocore.exceptions.ClientError as error:
            said = {
                "refusal": {
                    "class": type(error).__name__,
                    "code": error.response.get("Error", {}).get("Code"),
                    "status": error.response.get("ResponseMetadata", {}).get("HTTPStatusCode"),
                    "message": str(error),
                }
            }
        except Exception as error:  # what a user of boto3 would see; the test decides
            kind = type(error).__name__
            said = {"refusal": {"class": kind, "code": None, "status": None, "message": str(error)}}
        print(json.dumps(said, default=plain))


main()
