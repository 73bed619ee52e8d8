package cli

import "braid/scheduler/sink"

// The words for how a file is kept, and what they stand for.
var (
	durabilities = map[string]sink.Durability{"strict": sink.Strict, "normal": sink.Normal, "relaxed": sink.Relaxed}
	verifyings   = map[string]sink.VerifyResume{"": sink.VerifySample, "sample": sink.VerifySample, "all": sink.VerifyAll, "none": sink.VerifyNone}
)

func (d *download) sinkOptions() sink.Options {
	return sink.Options{
		URL: d.url, Overwrite: d.o.Force, Restart: d.o.Restart || d.whole,
		Durability: durabilities[d.o.Durability], VerifyResume: verifyings[d.o.VerifyResume],
	}
}
