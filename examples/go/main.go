// Starts a rowmill run from Go and waits for it.
//
//	rowmill check pipeline.yaml --json | go run . order-4711
//
// The id is the caller's: the same id is the same run. TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and
// ROWMILL_TASK_QUEUE as for the commands. No secret of the provider is needed here.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
)

func main() {
	var checked struct {
		WorkflowInput json.RawMessage `json:"workflowInput"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&checked); err != nil {
		log.Fatalln("standard input is not what rowmill check --json prints:", err)
	}
	temporal, err := client.Dial(client.Options{
		HostPort:  cmp.Or(os.Getenv("TEMPORAL_ADDRESS"), "localhost:7233"),
		Namespace: cmp.Or(os.Getenv("TEMPORAL_NAMESPACE"), "default"),
	})
	if err != nil {
		log.Fatalln(err)
	}
	defer temporal.Close()

	ctx := context.Background()
	run, err := temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:        os.Args[1],
		TaskQueue: cmp.Or(os.Getenv("ROWMILL_TASK_QUEUE"), "rowmill"),
		// In progress: attach. Completed: its result, once more. Failed: start again.
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
	}, "enrichTable", checked.WorkflowInput)
	if err != nil {
		log.Fatalln(err)
	}
	log.Println(run.GetID(), "is in progress")

	var summary json.RawMessage
	if err := run.Get(ctx, &summary); err != nil {
		log.Fatalln(err)
	}
	fmt.Println(string(summary))
}
