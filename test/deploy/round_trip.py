"""Reads documents by the types that their makers generate, and prints what these would write again.

What comes back tells what they know: a field that is mistyped or in the wrong place is lost on the way. Input: a list of
{"type": "dashboard" | "ScaledObject" | "TriggerAuthentication", "document": {...}}; output: the documents, one list.
"""

import json
import sys


def read_dashboard(document: dict) -> object:
    """By Grafana's foundation SDK."""
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models.dashboard import Dashboard

    return json.loads(JSONEncoder().encode(Dashboard.from_json(document)))


def read_keda(kind: str, document: dict) -> object:
    """By the models of KEDA's custom resources."""
    from cloudcoil.models.keda import v1alpha1

    model = getattr(v1alpha1, kind).model_validate(document)
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


print(
    json.dumps(
        [
            read_dashboard(one["document"])
            if one["type"] == "dashboard"
            else read_keda(one["type"], one["document"])
            for one in json.load(sys.stdin)
        ]
    )
)
