package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ameideio/ameide/pkg/dbops"
)

// around is an unlock with the Deployment out of the way, where that is asked for.
func (o unlockOptions) around(ctx context.Context, env Env, r dbops.Reader, rec *unlockRecord) (locksReport, error) {
	s, err := o.look(ctx, env)
	if err != nil {
		return locksReport{}, err
	}
	if !o.scale.down {
		return o.unlock(ctx, env, r, rec)
	}
	needed, err := o.needsRoom(ctx, r)
	switch {
	case err != nil:
		return locksReport{}, err
	case s.missing, o.dryRun && s.seen.Wanted == 0:
		o.scale.down = false // no session would go with a Pod
		return o.unlock(ctx, env, r, rec)
	case !needed:
		fmt.Fprintf(env.Err, "ameide: note: Deployment %s is left at %d\n", portalDeployment, s.seen.Wanted)
		return o.unlock(ctx, env, r, rec)
	case o.dryRun:
		fmt.Fprintf(env.Err, "ameide: note: Deployment %s would be scaled from %d to 0 first; what follows is for the case that its idle sessions go with it\n", portalDeployment, s.seen.Wanted)
		return o.unlock(ctx, env, r, rec)
	}
	if err := o.confirmScale(ctx, env, s); err != nil {
		return locksReport{}, err
	}
	return o.withoutPods(ctx, env, r, rec, s)
}

// look says who runs, where the cluster is at hand.
func (o unlockOptions) look(ctx context.Context, env Env) (*scaling, error) {
	if o.site == nil || !o.scale.down && !o.inCluster(env) && !o.kube.named() {
		return nil, nil
	}
	return lookAtPods(ctx, env, o.site, o.scale.down)
}

// needsRoom tells whether there is anything to scale down for: a lock that is stuck, or may be. A migration of any plugin is
// a reason not to: its Pod would be killed in the middle of it.
func (o unlockOptions) needsRoom(ctx context.Context, r dbops.Reader) (bool, error) {
	s, err := r.Read(ctx)
	if err != nil {
		return false, unavailable(err, "")
	}
	judged := dbops.Judge(s, r.Installation, nil)
	if err := o.knowPlugins(s, judged); err != nil {
		return false, err
	}
	for _, l := range judged {
		if l.AtWork() {
			return false, refused(fmt.Errorf("plugin %s seems to migrate database %s just now: scaling down would kill it in the middle", l.Plugin, l.Database),
				"wait until it is done; leave --scale-down out to clear other locks meanwhile")
		}
	}
	return !s.Standby && slices.ContainsFunc(dbops.Plan(judged, o.plugins), mayClear), nil
}

// mayClear tells whether a lock could be cleared if nobody were connected.
func mayClear(l dbops.Lock) bool { return l.Stuck() || l.Verdict == dbops.Held && l.Uncertain }

// confirmScale asks before the portal is stopped: --scale-down of the wrong environment must end here.
func (o unlockOptions) confirmScale(ctx context.Context, env Env, s *scaling) error {
	if o.yes || s.seen.Wanted == 0 {
		return nil
	}
	q := question{want: s.site.Namespace + "/" + portalDeployment}
	q.about = fmt.Sprintf("scale Deployment %s (context %s) from %d to 0: the portal is down until the locks are done", q.want, s.client.Context(), s.seen.Wanted)
	return q.ask(ctx, env)
}

// withoutPods is an unlock while the Deployment has no Pods. It gets as many as before afterwards, whatever happens.
func (o unlockOptions) withoutPods(ctx context.Context, env Env, r dbops.Reader, rec *unlockRecord, s *scaling) (report locksReport, err error) {
	back, err := s.down(ctx)
	if back != nil {
		rec.Scaled = &scaleRecord{Deployment: s.site.Namespace + "/" + portalDeployment, From: s.seen.Wanted}
		defer func() {
			undone := back()
			rec.Scaled.Back = undone == nil
			if undone != nil {
				err = errors.Join(undone, err)
			}
		}()
	}
	if err != nil {
		return locksReport{}, err
	}
	if err := s.awaitGone(ctx, o.scale.wait); err != nil {
		return locksReport{}, err
	}
	o.awaitNoticed(ctx, r)
	return o.unlock(ctx, env, r, rec)
}

// awaitNoticed gives the server time to end the sessions of Pods that are gone, a pooler between them too. What is still
// there afterwards is judged as ever.
func (o unlockOptions) awaitNoticed(ctx context.Context, r dbops.Reader) {
	ctx, cancel := context.WithTimeout(ctx, noticedTime)
	defer cancel()
	for {
		s, err := r.Read(ctx)
		dead, _, _ := dbops.Identify(s, o.dead) // they stay, and are known
		connected := func(l dbops.Lock) bool { return mayClear(l) && len(l.Sessions) > 0 }
		if err != nil || !slices.ContainsFunc(dbops.Plan(dbops.Judge(s, r.Installation, dead), o.plugins), connected) {
			return
		}
		if sleep(ctx, podsEvery) != nil {
			return
		}
	}
}
