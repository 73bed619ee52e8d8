// Package metrics shows what an origin does to Prometheus. It is the only
// importer of its library.
//
// What there is of requests comes from server.Access, as each ends, and of
// connections from server.Counts, when somebody looks. No label has a value
// that a client can invent, so that nobody can make a server remember more and
// more series.
package metrics
