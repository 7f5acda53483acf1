package registry

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/weir-dev/weir/internal/image"
)

// Access is what a repository is opened for.
type Access int

const (
	Pull Access = iota
	Push        // and Pull
)

// Options are what Open can be told. The zero value is what people want.
type Options struct {
	Patience Patience

	// Notice, unless nil, is told why something is tried again, and when. Several goroutines call it.
	Notice func(string)
}

// Repository is a repository of a registry, open: the registry has answered, and has a token been asked for, it is
// there. It may be used by several goroutines.
type Repository struct {
	host     string // as people write it
	url      url.URL
	client   *http.Client
	login    *credentials // nil if there are none
	patience Patience
	notice   func(string)
}

// Open does the handshake with the registry of ref, for the repository of ref.
func Open(ctx context.Context, ref image.Reference, access Access, o Options) (*Repository, error) {
	r := &Repository{host: ref.Host, patience: o.Patience.orDefault(), notice: o.Notice}
	if r.notice == nil {
		r.notice = func(string) {}
	}
	if err := r.open(ctx, ref, access); err != nil {
		return nil, r.failed("connect", err)
	}
	return r, nil
}

func (r *Repository) open(ctx context.Context, ref image.Reference, access Access) (err error) {
	var opts []name.Option
	if isLoopback(ref.Host) {
		opts = append(opts, name.Insecure)
	}
	repo, err := name.NewRepository(ref.Repository(), opts...)
	if err != nil {
		return err
	}
	if r.login, err = findCredentials(ctx, ref); err != nil {
		return err
	}
	auth := authn.Anonymous
	if r.login != nil {
		auth = authn.FromConfig(r.login.AuthConfig)
	}
	scope := transport.PullScope
	if access == Push {
		scope = transport.PushScope
	}
	base := transport.NewUserAgent(&patient{newTransport(), r.patience, r.notice}, "weir")
	authorized, err := transport.NewWithContext(ctx, repo.Registry, auth, base, []string{repo.Scope(scope)})
	if err != nil {
		return err
	}
	r.client = &http.Client{Transport: authorized, CheckRedirect: checkRedirect}
	r.url = url.URL{Scheme: repo.Scheme(), Host: repo.RegistryStr(), Path: "/v2/" + repo.RepositoryStr()}
	return nil
}

// Manifest is a manifest or an index, byte for byte.
type Manifest struct {
	Body      []byte
	MediaType types.MediaType
	Digest    image.Digest
}

// manifestTypes are what weir reads.
var manifestTypes = []string{
	string(types.OCIManifestSchema1), string(types.DockerManifestSchema2),
	string(types.OCIImageIndex), string(types.DockerManifestList),
}

// Manifest fetches a manifest by its tag, or by its digest, which is checked.
func (r *Repository) Manifest(ctx context.Context, tagOrDigest string) (Manifest, error) {
	m, err := r.manifest(ctx, tagOrDigest)
	if err != nil {
		return m, r.failed("manifest "+tagOrDigest, err)
	}
	return m, nil
}

func (r *Repository) manifest(ctx context.Context, tagOrDigest string) (m Manifest, err error) {
	resp, err := r.do(ctx, http.MethodGet, r.at("manifests", tagOrDigest), nil, func(h http.Header) {
		h.Set("Accept", strings.Join(manifestTypes, ","))
	}, http.StatusOK)
	if err != nil {
		return m, err
	}
	if m.Body, err = io.ReadAll(resp.Body); err != nil {
		return m, err
	}
	m.MediaType, m.Digest = mediaType(resp.Header.Get("Content-Type"), m.Body), image.DigestOf(m.Body)
	// Behind a tag stands what the registry says, but what it says must at least agree with what it sends.
	want := tagOrDigest
	if _, err := image.ParseDigest(want); err != nil {
		want = resp.Header.Get("Docker-Content-Digest")
	}
	if d, err := image.ParseDigest(want); err == nil && d != m.Digest {
		return m, fmt.Errorf("wrong digest: got %s, want %s", m.Digest, d)
	}
	return m, nil
}

// mediaType is what a manifest came as: what the header says, or where that says nothing that is a manifest's, the
// manifest itself.
func mediaType(header string, body []byte) types.MediaType {
	t, _, err := mime.ParseMediaType(header)
	if err == nil && slices.Contains(manifestTypes, t) {
		return types.MediaType(t)
	}
	var says struct{ MediaType types.MediaType }
	if json.Unmarshal(body, &says) != nil || says.MediaType == "" {
		return types.MediaType(header)
	}
	return says.MediaType
}

func (r *Repository) at(elem ...string) *url.URL { return r.url.JoinPath(elem...) }

// do makes a request. An answer with another status is an error.
func (r *Repository) do(ctx context.Context, method string, u *url.URL, body io.Reader, header func(http.Header), want ...int) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	if header != nil {
		header(req.Header)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, err
	}
	if err := transport.CheckError(resp, want...); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// failed words an error: the step, what the registry answers or what became of the connection, what to do.
func (r *Repository) failed(step string, err error) error {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return fmt.Errorf("%s: %s: %w; authorities are the system's, or those in the file SSL_CERT_FILE", step, r.host, certificate)
	}
	var answer *transport.Error
	if !errors.As(err, &answer) {
		var wrapped *url.Error
		for errors.As(err, &wrapped) { // "Get https://...: " says less than the step does
			err = wrapped.Err
		}
		return fmt.Errorf("%s: %w", step, err)
	}
	return fmt.Errorf("%s: %s answers %s", step, answer.Request.URL.Host, r.said(answer))
}

// said is an answer in short, and what to do about it where that is known.
func (r *Repository) said(answer *transport.Error) string {
	s := fmt.Sprintf("%d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	for _, d := range answer.Errors {
		s += fmt.Sprintf(", %s: %s", d.Code, d.Message)
	}
	switch answer.StatusCode {
	case http.StatusNotFound:
		return s + "; check the name and the tag"
	case http.StatusUnauthorized, http.StatusForbidden:
		if r.login != nil {
			return s + fmt.Sprintf("; the credentials of %s may not be enough, or the name be wrong", r.login.from)
		}
		return s + "; a docker login or podman login may be needed, or the name be wrong"
	}
	return s
}
