"""Gives each request its credential, and counts the answers.

The tenant in the path says which credential; where there are several, they take turns.
"""

import atexit
import json
import os
from collections import Counter, defaultdict
from itertools import cycle

import schemathesis

CREDENTIALS = {tenant: cycle(own) for tenant, own in json.loads(os.environ["WEFT_CREDENTIALS"]).items()}
DEFAULT = CREDENTIALS["acme"]
ORIGIN = os.environ["WEFT_ORIGIN"]

statuses = defaultdict(Counter)


@schemathesis.hook
def before_call(context, case, kwargs):
    tenant = (case.path_parameters or {}).get("tenant")
    own = CREDENTIALS.get(tenant, DEFAULT) if isinstance(tenant, str) else DEFAULT
    case.headers["Authorization"] = f"Bearer {next(own)}"
    if ORIGIN and "Origin" not in case.headers:
        case.headers["Origin"] = ORIGIN


# Each line's shape is held by the tests of the API; here it is a text, as the document says.
@schemathesis.deserializer("application/x-ndjson")
def lines(context, response):
    return response.content.decode("utf-8")


@schemathesis.hook
def after_call(context, case, response):
    if case.method.upper() == case.operation.method.upper():
        statuses[case.operation.definition.raw["operationId"]][response.status_code] += 1


@atexit.register
def write():
    with open("statuses.json", "w", encoding="utf-8") as file:
        json.dump(statuses, file, indent=1, sort_keys=True)
