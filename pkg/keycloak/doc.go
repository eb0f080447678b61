// Package keycloak brings OIDC clients that are declared in Git into a Keycloak realm.
//
// Read lists what a realm has, Diff compares it with what is declared, and Apply, the only writer, makes the difference
// true and reads it back: the effect counts, because Keycloak answers 204 to updates whose parts it ignores. Only
// declared fields are touched; nothing is ever deleted. Login and the requests themselves go through gocloak, behind API;
// every body is raw JSON, since gocloak's types can neither clear a list nor keep a field that they do not know.
package keycloak
