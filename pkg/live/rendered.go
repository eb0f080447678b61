package live

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/ameideio/ameide/pkg/appset"
	"github.com/ameideio/ameide/pkg/dig"
	"github.com/ameideio/ameide/pkg/helmchart"
	"github.com/ameideio/ameide/pkg/spec"
	"github.com/ameideio/ameide/pkg/verify"
)

// DeclareRendered is Declare where Helm has rendered already: objects are the portal's, as a Pod of its own release gets
// them, and there is no checkout. What other components declare stays unknown.
func DeclareRendered(e spec.Environment, s *spec.Spec, objects []Object) (*Declared, error) {
	portal := &verify.Component{App: appset.Application{
		Object: Object{"metadata": Object{"name": e.Name + "-" + verify.ComponentName}, "spec": Object{"destination": Object{"namespace": e.Namespace}}},
	}}
	for _, o := range objects {
		portal.Manifests = append(portal.Manifests, &helmchart.Manifest{Object: o})
	}
	return declare(e, s, portal, nil)
}

// Inside is a cluster whose Pods are dialled at their own addresses, as every Pod can. It needs no right to forward ports,
// which is a right to write.
func Inside(c Cluster) Cluster { return inside{c} }

type inside struct{ Cluster }

func (i inside) Dial(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	object, err := i.Get(ctx, pods(), namespace, pod)
	if err != nil {
		return nil, err
	}
	ip := dig.Text(object, "status", "podIP")
	if ip == "" {
		return nil, NotRunning(fmt.Sprintf("Pod %s has no address", pod))
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", net.JoinHostPort(ip, strconv.Itoa(port)))
}
