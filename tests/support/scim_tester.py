"""scim2-tester against a server: its address and an access token as JSON on stdin, what each check found on stdout.

Each line is {"check", "resource", "status", "reason"}; the last one is {"done": the number of checks}.
"""

import json
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

told = json.loads(sys.stdin.readline())
with Client(base_url=told["endpoint"], headers={"Authorization": "Bearer " + told["token"]}) as http:
    results = check_server(SyncSCIMClient(http))
for result in results:
    said = {
        "check": result.title,
        "resource": result.resource_type,
        "status": result.status.name,
        "reason": result.reason,
    }
    print(json.dumps(said))
print(json.dumps({"done": len(results)}), flush=True)
