package kube

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Event is something that happened to a Deployment, for kubectl describe and the namespace's events.
type Event struct {
	Namespace  string
	Deployment string
	Reason     string // one word
	Message    string
	Warning    bool
	Time       time.Time
	Component  string // who says so
}

// longestMessage is what the API server takes (core/v1 Event, events.k8s.io/v1 note).
const longestMessage = 1024

// Record writes an Event. The same one twice is one: its name is made of its time.
func (c *Client) Record(ctx context.Context, e Event) error {
	var about struct {
		Metadata struct {
			UID string `json:"uid"`
		} `json:"metadata"`
	}
	r := request{verb: "get", resource: deployments(), namespace: e.Namespace, name: e.Deployment}
	if err := c.ask(ctx, r, &about); err != nil {
		return fmt.Errorf("read Deployment %s/%s: %w", e.Namespace, e.Deployment, err)
	}
	kind := "Normal"
	if e.Warning {
		kind = "Warning"
	}
	at := e.Time.UTC().Format(time.RFC3339)
	message := e.Message
	if len(message) > longestMessage {
		message = strings.ToValidUTF8(message[:longestMessage], "")
	}
	body := map[string]any{
		"apiVersion": "v1", "kind": "Event",
		"metadata": map[string]any{"name": fmt.Sprintf("%s.%x", e.Deployment, e.Time.UnixNano()), "namespace": e.Namespace},
		"involvedObject": map[string]any{
			"apiVersion": "apps/v1", "kind": "Deployment", "name": e.Deployment, "namespace": e.Namespace, "uid": about.Metadata.UID,
		},
		"reason": e.Reason, "message": message, "type": kind, "count": 1, "firstTimestamp": at, "lastTimestamp": at,
		"source": map[string]any{"component": e.Component},
	}
	response, err := c.send(ctx, request{verb: "create", resource: events(), namespace: e.Namespace, body: body})
	if status(err) == http.StatusConflict {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write an Event in namespace %s: %w", e.Namespace, err)
	}
	return response.Body.Close()
}
