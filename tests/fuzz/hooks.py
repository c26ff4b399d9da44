"""What schemathesis has to know of this API: its scalars, ids that exist, and what counts as an error of the server.

Loaded by schemathesis through SCHEMATHESIS_HOOKS; fuzz.py sets the environment.
"""

import json
import os

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

KNOWN = json.loads(os.environ["FUZZ_KNOWN"])


def strings(strategy):
    return strategy.map(nodes.String)


# Half of the ids are of things that exist, whoever may see them: the interesting refusals lie behind them.
schemathesis.graphql.scalar(
    "ID", strings(st.one_of(st.sampled_from(KNOWN["ids"]), st.text(max_size=40)))
)
schemathesis.graphql.scalar(
    "DateTime",
    strings(st.one_of(st.datetimes().map(lambda at: at.isoformat() + "Z"), st.text(max_size=30))),
)
schemathesis.graphql.scalar("Date", strings(st.one_of(st.dates().map(str), st.text(max_size=12))))


@schemathesis.check
def no_internal_error(ctx, response, case):
    """Nothing that a caller sends may come to an internal error, a time-out or no answer."""
    assert response.status_code < 500, f"status {response.status_code}"
    if not response.headers.get("content-type", [""])[0].startswith("application/"):
        return
    answer = response.json()
    for error in (answer.get("errors") or []) if isinstance(answer, dict) else []:
        code = (error.get("extensions") or {}).get("code")
        assert code not in ("INTERNAL", "UNAVAILABLE", "TIMEOUT"), f"{code}: {error['message']}"
