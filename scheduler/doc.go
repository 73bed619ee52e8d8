// Package scheduler is the engine of a segmented download: it decides who
// fetches what, and when. It knows neither HTTP nor files; a [Source] gives the
// bytes of ranges, a [Sink] keeps them, and package segment names what passes
// between them.
package scheduler
