package kube

import (
	"context"
	"fmt"
	"time"
)

// Scale is how many Pods a Deployment is to have, and has.
type Scale struct {
	Wanted   int
	Pods     int    // that exist and are not being deleted, as the Deployment's controller counts them
	Selector string // of its Pods
}

// Scale reads a Deployment's scale; ErrMissing when there is no such Deployment.
func (c *Client) Scale(ctx context.Context, namespace, deployment string) (Scale, error) {
	s, err := c.scale(ctx, request{verb: "get", resource: deployments(), namespace: namespace, name: deployment, sub: "scale"})
	if err != nil {
		return s, fmt.Errorf("read the scale of Deployment %s/%s: %w", namespace, deployment, err)
	}
	return s, nil
}

// SetScale lets a Deployment have a number of Pods.
func (c *Client) SetScale(ctx context.Context, namespace, deployment string, replicas int) error {
	body := map[string]any{"spec": map[string]any{"replicas": replicas}}
	_, err := c.scale(ctx, request{verb: "patch", resource: deployments(), namespace: namespace, name: deployment, sub: "scale", body: body})
	if err != nil {
		return fmt.Errorf("scale Deployment %s/%s to %d: %w", namespace, deployment, replicas, err)
	}
	return nil
}

func (c *Client) scale(ctx context.Context, r request) (Scale, error) {
	var object struct {
		Spec struct {
			Replicas int `json:"replicas"`
		} `json:"spec"`
		Status struct {
			Replicas int    `json:"replicas"`
			Selector string `json:"selector"`
		} `json:"status"`
	}
	err := c.ask(ctx, r, &object)
	return Scale{Wanted: object.Spec.Replicas, Pods: object.Status.Replicas, Selector: object.Status.Selector}, err
}

// Pod is what matters of a Pod to those who wait for it to go.
type Pod struct {
	Name     string
	Phase    string
	Ready    bool
	Restarts int
	Leaving  bool // it is being deleted
}

// Gone tells that no container of the Pod can run any more.
func (p Pod) Gone() bool { return p.Phase == "Succeeded" || p.Phase == "Failed" }

// Pods lists the Pods that a selector selects.
func (c *Client) Pods(ctx context.Context, namespace, selector string) ([]Pod, error) {
	var list struct {
		Items []struct {
			Metadata struct {
				Name    string     `json:"name"`
				Deleted *time.Time `json:"deletionTimestamp"`
			} `json:"metadata"`
			Status struct {
				Phase      string `json:"phase"`
				Conditions []struct {
					Type   string `json:"type"`
					Status string `json:"status"`
				} `json:"conditions"`
				Containers []struct {
					Restarts int `json:"restartCount"`
				} `json:"containerStatuses"`
			} `json:"status"`
		} `json:"items"`
	}
	r := request{verb: "list", resource: pods(), namespace: namespace, query: map[string][]string{"labelSelector": {selector}}}
	if err := c.ask(ctx, r, &list); err != nil {
		return nil, fmt.Errorf("list the Pods of namespace %s: %w", namespace, err)
	}
	out := make([]Pod, 0, len(list.Items))
	for _, item := range list.Items {
		p := Pod{Name: item.Metadata.Name, Phase: item.Status.Phase, Leaving: item.Metadata.Deleted != nil}
		for _, condition := range item.Status.Conditions {
			p.Ready = p.Ready || condition.Type == "Ready" && condition.Status == "True"
		}
		for _, container := range item.Status.Containers {
			p.Restarts += container.Restarts
		}
		out = append(out, p)
	}
	return out, nil
}
