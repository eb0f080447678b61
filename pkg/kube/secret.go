package kube

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/ameideio/ameide/pkg/secret"
)

// Secret reads the values of a Secret; ErrMissing when there is none.
func (c *Client) Secret(ctx context.Context, namespace, name string) (map[string]secret.Value, error) {
	var object struct {
		Data map[string]string `json:"data"`
	}
	r := request{verb: "get", resource: secrets(), namespace: namespace, name: name}
	if err := c.ask(ctx, r, &object); err != nil {
		return nil, fmt.Errorf("read Secret %s/%s: %w", namespace, name, err)
	}
	out := map[string]secret.Value{}
	for key, text := range object.Data {
		value, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("read Secret %s/%s: key %s is not base64", namespace, name, key)
		}
		out[key] = secret.New(string(value))
	}
	return out, nil
}

// tokenSeconds is an hour: a rotation waits for its consumers, and may have to log in again.
const tokenSeconds = 3600

// ServiceAccountToken makes a token of a ServiceAccount that lives for an hour, as its Pods have one.
func (c *Client) ServiceAccountToken(ctx context.Context, namespace, name string) (secret.Value, error) {
	var answer struct {
		Status struct {
			Token string `json:"token"`
		} `json:"status"`
	}
	r := request{verb: "create", resource: serviceAccounts(), namespace: namespace, name: name, sub: "token", body: map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": map[string]any{"expirationSeconds": tokenSeconds},
	}}
	if err := c.ask(ctx, r, &answer); err != nil {
		return secret.Value{}, fmt.Errorf("make a token of ServiceAccount %s/%s: %w", namespace, name, err)
	}
	return secret.New(answer.Status.Token), nil
}
