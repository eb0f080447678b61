package kube

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ameideio/ameide/pkg/secret"
)

// Secret reads the values of a Secret; ErrMissing when there is none.
func (c *Client) Secret(ctx context.Context, namespace, name string) (map[string]secret.Value, error) {
	values, _, err := c.SecretWritten(ctx, namespace, name)
	return values, err
}

// SecretWritten is Secret, and when somebody last wrote to a value of it, by the API server's clock in whole seconds.
func (c *Client) SecretWritten(ctx context.Context, namespace, name string) (map[string]secret.Value, time.Time, error) {
	var object struct {
		Metadata struct {
			Created time.Time `json:"creationTimestamp"`
			Fields  []struct {
				Time time.Time `json:"time"`
				V1   struct {
					Data json.RawMessage `json:"f:data"`
				} `json:"fieldsV1"`
			} `json:"managedFields"`
		} `json:"metadata"`
		Data map[string]string `json:"data"`
	}
	r := request{verb: "get", resource: secrets(), namespace: namespace, name: name}
	if err := c.ask(ctx, r, &object); err != nil {
		return nil, time.Time{}, fmt.Errorf("read Secret %s/%s: %w", namespace, name, err)
	}
	values := map[string]secret.Value{}
	for key, text := range object.Data {
		value, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, time.Time{}, fmt.Errorf("read Secret %s/%s: key %s is not base64", namespace, name, key)
		}
		values[key] = secret.New(string(value))
	}
	written := object.Metadata.Created
	for _, f := range object.Metadata.Fields {
		if f.V1.Data != nil && f.Time.After(written) {
			written = f.Time
		}
	}
	return values, written, nil
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
