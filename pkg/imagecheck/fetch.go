package imagecheck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	// maxManifest bounds manifests; registries refuse to store larger ones (4 MiB, OCI distribution specification).
	maxManifest = 4 << 20
	// maxConfig bounds image configs.
	maxConfig = 8 << 20
)

// accepted are the manifests that are understood, and schema 1 so that it can be named.
func accepted() string {
	return strings.Join([]string{
		string(types.OCIImageIndex), string(types.DockerManifestList), string(types.OCIManifestSchema1),
		string(types.DockerManifestSchema2), string(types.DockerManifestSchema1Signed), string(types.DockerManifestSchema1),
	}, ", ")
}

// content is a manifest as the registry sent it.
type content struct {
	mediaType types.MediaType
	digest    string
	body      []byte
}

// manifest reads a manifest by tag or digest, and checks a digest.
func (r *repository) manifest(ctx context.Context, identifier string) (content, error) {
	res, err := r.get(ctx, "manifests", identifier, accepted())
	if err != nil {
		return content{}, err
	}
	defer res.Body.Close()
	body, err := readAtMost(res.Body, maxManifest)
	if err != nil {
		return content{}, fmt.Errorf("read manifest %s: %w", identifier, err)
	}
	algorithm := "sha256"
	if want, err := v1.NewHash(identifier); err == nil {
		algorithm = want.Algorithm
	}
	sum, err := v1.Hasher(algorithm)
	if err != nil {
		return content{}, failure(Corrupt, "%v", err)
	}
	sum.Write(body)
	got := fmt.Sprintf("%s:%x", algorithm, sum.Sum(nil))
	if strings.Contains(identifier, ":") && got != identifier {
		return content{}, failure(Corrupt, "the registry serves %s as manifest %s", got, identifier)
	}
	return content{mediaType(res.Header.Get("Content-Type"), body), got, body}, nil
}

// mediaType is the header's, or where it says nothing (plain JSON) the document's own.
func mediaType(header string, body []byte) types.MediaType {
	parsed, _, err := mime.ParseMediaType(header)
	if err == nil && strings.Contains(parsed, "vnd.") {
		return types.MediaType(parsed)
	}
	return sniff(body)
}

// blob opens a blob whose size and digest are checked: the size at once if the registry tells it, both at the end.
func (r *repository) blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	res, err := r.get(ctx, "blobs", d.Digest.String(), "")
	if err != nil {
		return nil, err
	}
	if res.ContentLength >= 0 && res.ContentLength != d.Size {
		res.Body.Close()
		return nil, failure(Corrupt, "blob %s has %d bytes, the manifest says %d", d.Digest, res.ContentLength, d.Size)
	}
	sum, err := v1.Hasher(d.Digest.Algorithm)
	if err != nil {
		res.Body.Close()
		return nil, failure(Corrupt, "%v", err)
	}
	return &checkedBlob{body: res.Body, sum: sum, want: d}, nil
}

// config reads an image config.
func (r *repository) config(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	if d.Size > maxConfig {
		return nil, failure(Corrupt, "config %s has %d bytes", d.Digest, d.Size)
	}
	blob, err := r.blob(ctx, d)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	return readAtMost(blob, maxConfig)
}

func (r *repository) get(ctx context.Context, kind, identifier, accept string) (*http.Response, error) {
	u := url.URL{Scheme: r.scheme, Host: r.place.repo.RegistryStr(), Path: "/v2/" + r.place.repo.RepositoryStr() + "/" + kind + "/" + identifier}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	res, err := r.client.Do(req)
	if err != nil {
		return nil, err
	}
	if err := transport.CheckError(res, http.StatusOK); err != nil {
		res.Body.Close()
		return nil, err
	}
	return res, nil
}

func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = failure(Corrupt, "more than %d bytes", limit)
	}
	return out.Bytes(), err
}

// checkedBlob fails at the end when the blob is not what the manifest says.
type checkedBlob struct {
	body io.ReadCloser
	sum  hash.Hash
	want v1.Descriptor
	read int64
}

func (b *checkedBlob) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	b.sum.Write(p[:n])
	b.read += int64(n)
	switch {
	case b.read > b.want.Size:
		return n, failure(Corrupt, "blob %s has more than the %d bytes that the manifest says", b.want.Digest, b.want.Size)
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF && b.read < b.want.Size:
		return n, failure(Corrupt, "blob %s ends after %d of %d bytes", b.want.Digest, b.read, b.want.Size)
	case err == io.EOF:
		if got := fmt.Sprintf("%x", b.sum.Sum(nil)); got != b.want.Digest.Hex {
			return n, failure(Corrupt, "the registry serves %s:%s as blob %s", b.want.Digest.Algorithm, got, b.want.Digest)
		}
	}
	return n, err
}

func (b *checkedBlob) Close() error { return b.body.Close() }
