package live

import (
	"net/http"

	"github.com/ameideio/ameide/pkg/verify"
)

// judgeLogin follows a sign-in: Backstage sends the browser to the issuer, Keycloak shows its login page, Keycloak knows
// the secret that Backstage sends, and, with a test user, Backstage signs the user in.
func judgeLogin(d *Declared, s *Snapshot, v *verdict) {
	l, ok := need(v, s.Login, "sign-in at "+d.Env.BaseURL())
	if !ok {
		return
	}
	if _, signsIn := d.OIDC(); !signsIn {
		if l.Start.Status != http.StatusOK {
			v.find(verify.Issue{Resource: "guest sign-in", Field: l.Start.Asked, Expected: "200", Actual: l.Start.String()})
		}
		return
	}
	if l.Start.Status != http.StatusFound {
		v.find(verify.Issue{Resource: "sign-in", Field: l.Start.Asked, Expected: "302 to " + d.Env.Issuer, Actual: l.Start.String(),
			Hint: "the image must have the OIDC provider module, and app-config the provider for auth.environment; see live/logs"})
		return
	}
	if want := d.Env.AuthorizationEndpoint(); l.Sent != want {
		v.find(verify.Issue{Resource: "sign-in", Field: "authorization endpoint", Expected: want, Actual: orNothing(l.Sent), Hint: "KEYCLOAK_ISSUER of the Pods, or Keycloak's own host name, is another environment's"})
	}
	if l.Authorize != nil {
		v.find(d.known(verify.Issue{Resource: "client " + d.Spec.OIDC.ClientID, Field: "authorization", Expected: "Keycloak's login page", Actual: oneLine(l.Authorize.Error())}))
	}
	switch {
	case refused(l.Exchange):
		v.find(d.known(verify.Issue{Resource: "client " + d.Spec.OIDC.ClientID, Field: "client secret", Expected: "Keycloak accepts the one that Backstage sends", Actual: oneLine(l.Exchange)}))
	case l.Exchange != "" && !accepted(l.Exchange) && l.UserErr == nil:
		v.find(d.known(verify.Issue{Resource: "sign-in", Field: "exchange of the code", Expected: "Keycloak's answer to a made-up code", Actual: oneLine(l.Exchange),
			Hint: "Backstage asks Keycloak for it from its Pod: see live/logs, DNS and egress of the Pod"}))
	}
	if l.User != "" && l.UserErr != nil {
		v.find(d.known(verify.Issue{Resource: "user " + l.User, Field: "sign-in", Expected: "Backstage signs the user in", Actual: oneLine(l.UserErr.Error())}))
	}
}

// known is the finding with its incident's way out, ready to be typed.
func (d *Declared) known(i verify.Issue) verify.Issue {
	i = known(i)
	i.Hint = d.fill(i.Hint)
	return i
}
