"""Starts a rowmill run from Python and waits for it.

    pip install temporalio
    rowmill check pipeline.yaml --json | python enrich.py order-4711

The id is the caller's: the same id is the same run, also after it has completed: its summary is
printed again, and nothing is paid. TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and
ROWMILL_TASK_QUEUE as for the commands. No secret of the provider is needed here.
"""

import asyncio
import json
import os
import sys

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError


async def main() -> None:
    workflow_id = sys.argv[1]
    workflow_input = json.load(sys.stdin)["workflowInput"]
    client = await Client.connect(
        os.environ.get("TEMPORAL_ADDRESS", "localhost:7233"),
        namespace=os.environ.get("TEMPORAL_NAMESPACE", "default"),
    )
    try:
        run = await client.start_workflow(
            "enrichTable",
            workflow_input,
            id=workflow_id,
            task_queue=os.environ.get("ROWMILL_TASK_QUEUE", "rowmill"),
            # In progress: attach. Completed: refuse. Failed: start again.
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        )
        print(f"{run.id} is in progress", file=sys.stderr)
    except WorkflowAlreadyStartedError:
        run = client.get_workflow_handle(workflow_id)
        print(f"{run.id} has completed before", file=sys.stderr)
    print(json.dumps(await run.result()))


asyncio.run(main())
