package podrun_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/ameideio/ameide/lab"
)

const kubernetesVersion = "1.34.4"

// cluster is a real Kubernetes API without nodes: RBAC, tokens of ServiceAccounts and their review are real.
type cluster struct {
	t      *testing.T
	port   int
	ca     string
	client dynamic.Interface // as a member of system:masters
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	bin, dir := filepath.Join(cache, "ameide", "lab", "kubernetes-"+kubernetesVersion), t.TempDir()
	for _, program := range []string{"etcd", "kube-apiserver"} {
		if _, err := os.Stat(filepath.Join(bin, program)); err != nil {
			lab.Missing(t, program+" "+kubernetesVersion)
		}
	}
	writeKeys(t, dir)
	ports := [3]int{}
	for i := range ports {
		if ports[i], err = lab.FreePort(); err != nil {
			t.Fatal(err)
		}
	}
	etcd, peers := fmt.Sprintf("http://127.0.0.1:%d", ports[0]), fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	background(t, filepath.Join(bin, "etcd"), "--data-dir", filepath.Join(dir, "etcd"), "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
		"--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", "default="+peers, "--unsafe-no-fsync", "--log-level", "error")
	issuer := fmt.Sprintf("https://127.0.0.1:%d", ports[2])
	background(t, filepath.Join(bin, "kube-apiserver"), "--etcd-servers="+etcd, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		"--secure-port="+strconv.Itoa(ports[2]), "--cert-dir="+filepath.Join(dir, "pki"), "--service-cluster-ip-range=10.0.0.0/24",
		"--service-account-issuer="+issuer, "--service-account-key-file="+filepath.Join(dir, "sa.pub"), "--service-account-signing-key-file="+filepath.Join(dir, "sa.key"),
		"--token-auth-file="+filepath.Join(dir, "tokens.csv"), "--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none")
	c := &cluster{t: t, port: ports[2]}
	c.await(issuer, filepath.Join(dir, "pki", "apiserver.crt"))
	return c
}

// await waits until the API answers and takes its certificate.
func (c *cluster) await(host, certificate string) {
	c.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		ca, err := os.ReadFile(certificate)
		if err != nil {
			continue
		}
		c.ca = string(ca)
		config := &rest.Config{Host: host, BearerToken: "lab-admin", TLSClientConfig: rest.TLSClientConfig{CAData: ca}}
		if c.client, err = dynamic.NewForConfig(config); err != nil {
			c.t.Fatal(err)
		}
		if _, err = c.resource("rbac.authorization.k8s.io/v1", "clusterroles", "").Get(c.t.Context(), "system:auth-delegator", metav1.GetOptions{}); err == nil {
			return
		}
	}
	c.t.Fatal("kube-apiserver is not ready after a minute")
}

func writeKeys(t *testing.T, dir string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"sa.key":     pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
		"sa.pub":     pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}),
		"tokens.csv": []byte("lab-admin,admin,1,\"system:masters\"\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func background(t *testing.T, program string, args ...string) {
	t.Helper()
	c := exec.Command(program, args...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
}

func (c *cluster) resource(apiVersion, plural, namespace string) dynamic.ResourceInterface {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		c.t.Fatal(err)
	}
	all := c.client.Resource(gv.WithResource(plural))
	if namespace == "" {
		return all
	}
	return all.Namespace(namespace)
}

// apply makes an object by server-side apply, as Argo CD does.
func (c *cluster) apply(namespace string, object map[string]any) {
	c.t.Helper()
	plurals := map[string]string{
		"Namespace": "namespaces", "ServiceAccount": "serviceaccounts", "Role": "roles", "RoleBinding": "rolebindings", "ClusterRoleBinding": "clusterrolebindings",
		"NetworkPolicy": "networkpolicies", "ConfigMap": "configmaps", "Secret": "secrets", "Job": "jobs",
	}
	u := &unstructured.Unstructured{Object: object}
	if namespace != "" {
		u.SetNamespace(namespace)
	}
	_, err := c.resource(u.GetAPIVersion(), plurals[u.GetKind()], namespace).Apply(c.t.Context(), u.GetName(), u, metav1.ApplyOptions{FieldManager: "argocd-controller", Force: true})
	if err != nil {
		c.t.Fatalf("apply %s %s: %v", u.GetKind(), u.GetName(), err)
	}
}

// token is a token of a ServiceAccount, as the kubelet asks for it.
func (c *cluster) token(namespace, account string) string {
	c.t.Helper()
	request := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": map[string]any{"name": account}, "spec": map[string]any{},
	}}
	answer, err := c.resource("v1", "serviceaccounts", namespace).Create(c.t.Context(), request, metav1.CreateOptions{}, "token")
	if err != nil {
		c.t.Fatal(err)
	}
	token, _, _ := unstructured.NestedString(answer.Object, "status", "token")
	return token
}

// configMap is the data of a ConfigMap and who manages it; nil when it does not exist.
func (c *cluster) configMap(namespace, name string) (data map[string]string, managers []string) {
	c.t.Helper()
	object, err := c.resource("v1", "configmaps", namespace).Get(c.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		return nil, nil
	}
	data, _, _ = unstructured.NestedStringMap(object.Object, "data")
	for _, m := range object.GetManagedFields() {
		managers = append(managers, m.Manager)
	}
	return data, managers
}
