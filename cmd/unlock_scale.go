package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/ameideio/ameide/pkg/kube"
	"github.com/ameideio/ameide/pkg/verify"
)

// portalDeployment is the portal's Deployment in every environment's namespace.
const portalDeployment = verify.ComponentName

// How often Pods are looked at while they go, and the scale while it is kept (a Pod that is scaled away before its container
// was created is gone at once); how long scaling back may take, also after the run was interrupted, and how long the server
// may take to notice that Pods are gone.
const (
	podsEvery   = 500 * time.Millisecond
	holdEvery   = 200 * time.Millisecond
	keepTime    = 5 * time.Second // of one look and its answer
	backTime    = 30 * time.Second
	noticedTime = 30 * time.Second
)

// scaleFlags say what is done about the Deployment around an unlock.
type scaleFlags struct {
	down bool
	wait time.Duration
}

func (f *scaleFlags) register(c *cobra.Command) {
	c.Flags().BoolVar(&f.down, "scale-down", false, "with --env: let the Deployment have no Pods while locks are judged and cleared, and as many as before afterwards, whatever happens")
	c.Flags().DurationVar(&f.wait, "timeout", 2*time.Minute, "how long --scale-down waits for Pods to go")
}

// scaling is the Deployment around one unlock.
type scaling struct {
	env    Env
	site   *site
	client *kube.Client
	seen   kube.Scale
	pods   []kube.Pod

	missing bool // there is no Deployment: a first installation ended before it was made
}

// scaleRecord is what was done about the Deployment.
type scaleRecord struct {
	Deployment string `json:"deployment"`
	From       int    `json:"from"`
	Back       bool   `json:"back"` // it has as many replicas as before
}

// lookAtPods says who runs before anything is judged. A look that is refused is named, and stops nothing: the database
// itself tells whether somebody is connected.
func lookAtPods(ctx context.Context, env Env, at *site, must bool) (*scaling, error) {
	s, err := ask(ctx, at, func(ctx context.Context, c *kube.Client) (*scaling, error) {
		s := &scaling{env: env, site: at, client: c}
		var err error
		s.seen, err = c.Scale(ctx, at.Namespace, portalDeployment)
		if errors.Is(err, kube.ErrMissing) {
			s.missing = true
			return s, nil
		}
		if err != nil {
			return s, err
		}
		s.pods, err = c.Pods(ctx, at.Namespace, s.seen.Selector)
		return s, err
	})
	if err != nil && must {
		return s, unasked(err)
	}
	if err != nil {
		_, hint := classify(err)
		fmt.Fprintf(env.Err, "ameide: note: the Deployment's Pods cannot be seen: %v (%s)\n", err, hint)
		return nil, nil
	}
	if s.missing {
		fmt.Fprintf(env.Err, "ameide: note: namespace %s has no Deployment %s: there is nothing to scale\n", at.Namespace, portalDeployment)
	}
	if alive := living(s.pods); len(alive) > 0 {
		fmt.Fprintf(env.Err, "ameide: warning: Deployment %s of namespace %s runs %s: what they hold is left alone\n", portalDeployment, at.Namespace, podsText(alive))
	}
	return s, nil
}

// living are the Pods whose containers may run.
func living(pods []kube.Pod) []kube.Pod {
	var out []kube.Pod
	for _, p := range pods {
		if !p.Gone() {
			out = append(out, p)
		}
	}
	return out
}

func podsText(pods []kube.Pod) string {
	var out []string
	for _, p := range pods {
		state := strings.ToLower(p.Phase)
		switch {
		case p.Leaving:
			state = "leaving"
		case p.Ready:
			state = "ready"
		case p.Phase == "Running":
			state = "not ready"
		}
		if p.Restarts > 0 {
			state += ", " + plural(p.Restarts, "restart")
		}
		out = append(out, fmt.Sprintf("%s (%s)", plain(p.Name), plain(state)))
	}
	return plural(len(pods), "Pod") + " " + strings.Join(out, ", ")
}

// down lets the Deployment have no Pods, and keeps it so until the returned func scales it back: Argo CD heals what differs
// from Git within seconds, and its Application is nobody's to patch. Nil instead of a func means that nothing was scaled.
func (s *scaling) down(ctx context.Context) (back func() error, err error) {
	if s.seen.Wanted == 0 {
		fmt.Fprintf(s.env.Err, "ameide: note: Deployment %s is scaled to 0 already, and stays so\n", portalDeployment)
		return nil, nil
	}
	fmt.Fprintf(s.env.Err, "ameide: note: scaling Deployment %s from %d to 0; should this process be killed, undo it with\n  %s\n", portalDeployment, s.seen.Wanted, s.undo())
	if err := s.client.SetScale(ctx, s.site.Namespace, portalDeployment, 0); err != nil {
		if wasRefused(err) {
			return nil, unavailable(err, "")
		}
		return func() error { return s.back(ctx) }, unavailable(err, "") // who knows
	}
	held, release := context.WithCancel(ctx)
	var holder sync.WaitGroup
	holder.Go(func() { s.hold(held) })
	return func() error {
		release()
		holder.Wait()
		return s.back(ctx)
	}, nil
}

// wasRefused tells that the API server said no: nothing was changed.
func wasRefused(err error) bool {
	var e *kube.Error
	return errors.As(err, &e) && e.Status >= http.StatusBadRequest && e.Status < http.StatusInternalServerError
}

// hold scales to 0 again whenever somebody has scaled up.
func (s *scaling) hold(ctx context.Context) {
	told := false
	for sleep(ctx, holdEvery) == nil {
		if n := s.keepDown(ctx); n > 0 && !told {
			told = true
			fmt.Fprintf(s.env.Err, "ameide: note: somebody scaled Deployment %s to %d (Argo CD heals itself): it is kept at 0 until the locks are done\n", portalDeployment, n)
		}
	}
}

// keepDown is how many replicas it found and took away. A request that has begun is not given up: one that the API server
// carries out late would undo the scaling back.
func (s *scaling) keepDown(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	now, err := s.client.Scale(ctx, s.site.Namespace, portalDeployment)
	if err != nil || now.Wanted == 0 {
		return 0 // asked again in a moment
	}
	_ = s.client.SetScale(ctx, s.site.Namespace, portalDeployment, 0) // seen and tried again in a moment
	return now.Wanted
}

// awaitGone waits until no container of the Deployment can run.
func (s *scaling) awaitGone(ctx context.Context, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	alive := living(s.pods)
	for len(alive) > 0 {
		if err := sleep(ctx, podsEvery); err != nil {
			return s.notGone(err, alive, wait)
		}
		pods, err := s.client.Pods(ctx, s.site.Namespace, s.seen.Selector)
		if ctx.Err() != nil {
			return s.notGone(ctx.Err(), alive, wait)
		}
		if err != nil {
			return unavailable(err, "")
		}
		alive = living(pods)
	}
	return nil
}

func (s *scaling) notGone(err error, alive []kube.Pod, wait time.Duration) error {
	if errors.Is(err, context.Canceled) { // by Ctrl-C
		return err
	}
	return unavailable(fmt.Errorf("after %s Deployment %s still has %s", wait, portalDeployment, podsText(alive)),
		"a Pod on a lost node stays until the node is gone: wait longer with --timeout, or delete it when the node is certainly off")
}

// back gives the Deployment its replicas again, also when the run was interrupted.
func (s *scaling) back(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backTime)
	defer cancel()
	if err := s.client.SetScale(ctx, s.site.Namespace, portalDeployment, s.seen.Wanted); err != nil {
		return unavailable(err, "scale it back yourself: "+s.undo())
	}
	fmt.Fprintf(s.env.Err, "ameide: note: Deployment %s is scaled to %d again\n", portalDeployment, s.seen.Wanted)
	return nil
}

func (s *scaling) undo() string {
	return fmt.Sprintf("kubectl --context %s --namespace %s scale deployment %s --replicas=%d", s.client.Context(), s.site.Namespace, portalDeployment, s.seen.Wanted)
}
